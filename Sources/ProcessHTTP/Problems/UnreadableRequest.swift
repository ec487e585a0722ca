extension ProcessRoutes {
    /// The answer to a message that never became a request: what is no HTTP, or beyond a limit of the server's.
    ///
    /// - Parameter status: What the server makes of it.
    /// - Returns: A problem document like every other, but without an `instance`: nobody knows its path.
    public static func answer(toUnreadable status: HTTPStatus) -> HTTPResponse {
        let problem =
            switch status {
            case .contentTooLarge:
                Problem(.payloadTooLarge, "the body is far larger than this service takes (TRACKER_MAX_BODY)")
            case .headerFieldsTooLarge:
                Problem(.invalidRequest, "the header fields are larger than 80 KiB in all")
            case .expectationFailed:
                Problem(.invalidRequest, "Expect can ask for nothing but 100-continue", field: "Expect")
            case .notImplemented:
                Problem(.invalidRequest, "the method is none that is known here")
            default:
                Problem(.invalidRequest, "this is no HTTP request that can be read")
            }
        return problem.response(to: nil, requestID: Self.requestIDs.next(), status: status)
    }
}
