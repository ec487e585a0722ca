internal import ProcessCore

/// A piece of a stream of server-sent events (WHATWG HTML, section 9.2).
struct EventStream {
    /// The type of the content.
    static let mediaType = "text/event-stream"
    /// A comment, which readers pass over: proof of life for whoever stands in between.
    static let heartbeat = Array(":\n".utf8)
    /// How often the proof is given where nothing else is sent.
    static let heartbeatInterval = Duration.seconds(15)

    /// The bytes so far.
    private(set) var bytes: [UInt8] = []

    /// A piece without anything.
    init() {}

    /// Tells readers how long to wait before they come back after a lost connection.
    ///
    /// No blank line follows, so that it is a part of the first event: some readers take a block without data for an event.
    mutating func retry(after delay: Duration) {
        self.append("retry: \(delay.components.seconds * 1000)\n")
    }

    /// Writes an event.
    ///
    /// - Parameters:
    ///   - name: What happened; must hold no line break.
    ///   - id: What the reader sends back as `Last-Event-ID`; `nil` where it can't go on from here.
    ///   - data: The text. A line break of whatever sort becomes a line feed, as the format has it.
    mutating func event(_ name: String, id: Int64? = nil, data: [UInt8]) {
        self.append("event: \(name)\n")
        if let id { self.append("id: \(id)\n") }
        self.append("data: ")
        var previous: UInt8 = 0
        for byte in data {
            switch byte {
            case UInt8(ascii: "\r"): self.append("\ndata: ")
            case UInt8(ascii: "\n"): if previous != UInt8(ascii: "\r") { self.append("\ndata: ") }
            default: self.bytes.append(byte)
            }
            previous = byte
        }
        self.append("\n\n")
    }

    private mutating func append(_ text: String) {
        self.bytes.append(contentsOf: text.utf8)
    }

    /// What the reader has seen last: the number that stands in `Last-Event-ID`. Anything else is as if it had not been sent.
    static func lastEventID(of request: HTTPRequest) -> Int64? {
        guard let text = request.headers["Last-Event-ID"], let id = Int64(text), id >= 0, String(id) == text else {
            return nil
        }
        return id
    }

    /// An answer that is such a stream.
    ///
    /// - Parameter write: Writes the events.
    /// - Returns: The answer, whose body begins with how long to wait before coming back.
    static func answer(_ write: @escaping @Sendable (any HTTPBodyWriter) async -> Void) -> Answer {
        var answer = Answer(contentType: Self.mediaType)
        // Some proxies gather an answer before they pass it on.
        answer.fields = [HTTPHeaders.Field(name: "X-Accel-Buffering", value: "no")]
        answer.stream = HTTPBodyStream(heartbeat: Self.heartbeat, every: Self.heartbeatInterval) { writer in
            var beginning = EventStream()
            beginning.retry(after: .seconds(2))
            guard await writer.write(beginning.bytes) else { return }
            await write(writer)
        }
        return answer
    }
}
