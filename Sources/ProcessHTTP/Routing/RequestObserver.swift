/// Is told of each request after it was answered; counts and logs it, and must be quick.
public protocol RequestObserver: Sendable {
    /// A request was answered.
    func didRespond(_ summary: RequestSummary)
}

/// What is known of a request once it was answered; holds nothing of its body, query or id of a process.
public struct RequestSummary: Sendable {
    /// The method.
    public var method: HTTPMethod
    /// The path's route; `nil` where the path is none of ours, or was not looked at.
    public var route: Route?
    /// The status of the answer.
    public var status: HTTPStatus
    /// How long it took from the request to the answer, neither read nor sent.
    public var duration: Duration
    /// Whether the client had it wait (`Prefer: wait`), so that its duration says nothing of the service.
    public var hasWaited: Bool
    /// The id in `X-Request-Id`, sent or made.
    public var requestID: String
    /// What the problem was, where there was one.
    public var problem: ProblemCode?
    /// What an operator should read where the service or its store is to blame; it was not sent.
    public var cause: String?

    /// The route's template, `other` where the path is none of ours: what a metric may carry as a label.
    public var routeLabel: String { self.route?.template ?? "other" }
}
