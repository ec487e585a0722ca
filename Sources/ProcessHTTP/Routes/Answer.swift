internal import ProcessCore

/// What a route answers, before it is made into a message.
struct Answer {
    var status = HTTPStatus.ok
    var contentType: String? = "application/json"
    /// Whether a cache may keep the answer if it asks with its `ETag` each time. Anything else is not to be kept: a process
    /// may hold what is nobody else's business, and changes at any time.
    var mayBeKept = false
    /// The revision of the one process that it shows: the `ETag`.
    var revision: Int64?
    var retryAfter: Int?
    /// How long the client wanted to wait, as it was understood.
    var wait: WaitPreference?
    /// Further header fields.
    var fields: [HTTPHeaders.Field] = []
    var body: [UInt8] = []
    /// What writes the body piece by piece, in the place of `body`.
    var stream: HTTPBodyStream?

    /// An answer that is a JSON document.
    static func json(_ write: (inout JSONWriter) -> Void) -> Answer {
        var writer = JSONWriter()
        write(&writer)
        return Answer(body: writer.finish())
    }

    /// An answer that is one process, or some members of it; the policy says when it expires.
    static func process(
        _ record: ProcessRecord, policy: CleanupPolicy, fields: ProcessFields = .all
    ) -> Answer {
        var writer = JSONWriter()
        record.write(to: &writer, policy: policy, fields: fields)
        return Answer(revision: record.revision, body: writer.finish())
    }

    /// The answer as a message.
    func response(requestID: String) -> HTTPResponse {
        var fields: [HTTPHeaders.Field] = []
        fields.reserveCapacity(8)
        fields.append(HTTPHeaders.Field(name: "X-Request-Id", value: requestID))
        if let contentType = self.contentType {
            fields.append(HTTPHeaders.Field(name: "Content-Type", value: contentType))
        }
        fields.append(
            HTTPHeaders.Field(name: "Cache-Control", value: self.mayBeKept ? "private, no-cache" : "no-store"))
        if let revision = self.revision {
            fields.append(HTTPHeaders.Field(name: "ETag", value: EntityTag.text(of: revision)))
        }
        if let retryAfter = self.retryAfter {
            fields.append(HTTPHeaders.Field(name: "Retry-After", value: "\(retryAfter)"))
        }
        if let wait = self.wait {
            fields.append(HTTPHeaders.Field(name: "Preference-Applied", value: wait.applied))
        }
        fields.append(contentsOf: self.fields)
        return HTTPResponse(self.status, headers: HTTPHeaders(fields), body: self.body, stream: self.stream)
    }
}
