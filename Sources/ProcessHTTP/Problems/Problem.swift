internal import ProcessCore

/// Why a request was not done, on its way to the problem document (RFC 9457) that answers it.
///
/// A class, so that every function that may throw one keeps room for a reference only: a request that waits keeps the room
/// of all functions it is in.
final class Problem: Error {
    /// What sort of problem it is.
    let code: ProblemCode
    /// A sentence that the sender of the request can act on.
    let detail: String
    /// The field, parameter or header field to blame.
    let field: String?
    /// What more is known of this occurrence.
    let facts: Facts

    /// What more is known of an occurrence; each is a member of the document where it is known.
    struct Facts {
        /// The byte of the body at which reading could not go on.
        var offset: Int?
        /// The process that is meant, where the request does not name it.
        var processID: ProcessID?
        /// Where the process is in its life, or was when it was removed.
        var processStatus: ProcessStatus?
        /// The process's revision.
        var revision: Int64?
        /// The process's attempt.
        var attempt: Int?
        /// The index that the next chunk of the process's output gets.
        var nextIndex: Int64?
        /// When the process was removed.
        var removedAt: Timestamp?
        /// When to try again; the header field `Retry-After`, in whole seconds.
        var retryAfter: Int?
        /// The header field `Allow`.
        var allow: String?
        /// How long the answer may have been held; the header field `Preference-Applied`.
        var wait: WaitPreference?
        /// What an operator should read in the log. Never sent.
        var cause: String?
    }

    init(_ code: ProblemCode, _ detail: String, field: String? = nil, facts: Facts = Facts()) {
        self.code = code
        self.detail = detail
        self.field = field.map(Self.shortened)
        self.facts = facts
    }

    /// A value that a field, parameter or header field can't have; the reason is read after its name.
    static func invalidField(_ field: String, _ reason: String) -> Problem {
        Problem(.invalidField, "\(Self.shortened(field)) \(reason)", field: field)
    }

    /// A name that nothing here knows.
    static func unknownField(_ field: String, _ reason: String) -> Problem {
        Problem(.unknownField, "\(Self.shortened(field)) \(reason)", field: field)
    }

    /// Something that is required and not there.
    static func missingField(_ field: String, _ reason: String) -> Problem {
        Problem(.missingField, "\(Self.shortened(field)) \(reason)", field: field)
    }

    /// The same problem, of a request whose answer may have been held.
    func waitedFor(_ wait: WaitPreference?) -> Problem {
        var facts = self.facts
        facts.wait = wait
        return Problem(self.code, self.detail, field: self.field, facts: facts)
    }

    /// The same problem, with another name for the field to blame.
    func blaming(_ field: String?) -> Problem { Problem(self.code, self.detail, field: field, facts: self.facts) }

    /// A text of the sender's, cut to a length that suits an answer.
    static func shortened(_ text: String) -> String {
        guard text.utf8.count > 200 else { return text }
        var head = String.UnicodeScalarView()
        head.append(contentsOf: text.unicodeScalars.prefix(100))
        return String(head) + "…"
    }
}

extension Problem {
    /// The answer to the request.
    ///
    /// - Parameters:
    ///   - path: The path as it was sent; `nil` where none could be read.
    ///   - requestID: The request's id.
    ///   - status: The status, where it is not the one that belongs to the code.
    /// - Returns: The problem document with its header fields.
    func response(to path: String?, requestID: String, status: HTTPStatus? = nil) -> HTTPResponse {
        let status = status ?? self.code.status
        var headers = HTTPHeaders([
            HTTPHeaders.Field(name: "X-Request-Id", value: requestID),
            HTTPHeaders.Field(name: "Content-Type", value: "application/problem+json"),
            HTTPHeaders.Field(name: "Cache-Control", value: "no-store"),
        ])
        if let retryAfter = self.facts.retryAfter { headers.add("Retry-After", "\(retryAfter)") }
        if let allow = self.facts.allow { headers.add("Allow", allow) }
        if let wait = self.facts.wait { headers.add("Preference-Applied", wait.applied) }
        return HTTPResponse(status, headers: headers, body: self.document(for: path, status))
    }

    /// The document itself.
    func document(for path: String?, _ status: HTTPStatus) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("type", self.code.type)
        writer.member("title", self.code.title)
        writer.member("status", status.code)
        writer.member("detail", self.detail)
        if let path { writer.member("instance", Self.shortened(path)) }
        writer.member("code", self.code.rawValue)
        if let field = self.field { writer.member("field", field) }
        if let offset = self.facts.offset { writer.member("offset", offset) }
        if let id = self.facts.processID { writer.member("process_id", id.text) }
        if let status = self.facts.processStatus { writer.member("process_status", status.rawValue) }
        if let revision = self.facts.revision { writer.member("revision", revision) }
        if let attempt = self.facts.attempt { writer.member("attempt", attempt) }
        if let nextIndex = self.facts.nextIndex { writer.member("next_index", nextIndex) }
        if let removedAt = self.facts.removedAt { writer.member("removed_at", removedAt) }
        writer.endObject()
        return writer.finish()
    }
}
