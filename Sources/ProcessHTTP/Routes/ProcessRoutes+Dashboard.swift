extension ProcessRoutes {
    /// `GET /` and `GET /dashboard/{part}`
    static func dashboard(_ name: String, _ request: HTTPRequest) throws(Problem) -> Answer {
        guard let part = DashboardPart.named(name) else {
            throw Problem(.notFound, "the dashboard has no part \(Problem.shortened(name))")
        }
        var answer = Answer(contentType: part.contentType, mayBeKept: true, body: part.body)
        if EntityTag.isKnown(part.tag, in: request.headers.values(of: "If-None-Match")) {
            answer = Answer(status: .notModified, contentType: nil, mayBeKept: true)
        }
        answer.fields = [
            HTTPHeaders.Field(name: "ETag", value: "\"\(part.tag)\""),
            HTTPHeaders.Field(name: "Content-Security-Policy", value: DashboardPart.policy),
            HTTPHeaders.Field(name: "X-Content-Type-Options", value: "nosniff"),
            HTTPHeaders.Field(name: "Referrer-Policy", value: "no-referrer"),
            HTTPHeaders.Field(name: "Cross-Origin-Opener-Policy", value: "same-origin"),
            HTTPHeaders.Field(name: "Cross-Origin-Resource-Policy", value: "same-origin"),
        ]
        return answer
    }
}
