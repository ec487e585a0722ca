internal import ProcessCore

extension ProcessRoutes {
    /// The answer to a message that never became a request: what is no HTTP, or beyond a limit of the server's.
    ///
    /// - Parameter status: What the server makes of it.
    /// - Returns: A problem document, like every other.
    public static func answer(toUnreadable status: HTTPStatus) -> HTTPResponse {
        let code: ProblemCode = status == .contentTooLarge ? .payloadTooLarge : .invalidRequest
        let detail =
            switch status {
            case .contentTooLarge: "the body is far larger than this service takes (TRACKER_MAX_BODY)"
            case .headerFieldsTooLarge: "the header fields are larger than 80 KiB in all"
            default: "this is no HTTP request that can be read: \(status.reason)"
            }
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("type", code.type)
        writer.member("title", code.title)
        writer.member("status", status.code)
        writer.member("detail", detail)
        writer.member("code", code.rawValue)
        writer.endObject()
        return HTTPResponse(
            status, headers: HTTPHeaders([HTTPHeaders.Field(name: "Content-Type", value: "application/problem+json")]),
            body: writer.finish())
    }
}
