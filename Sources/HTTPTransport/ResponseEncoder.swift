internal import ProcessHTTP

/// Writes responses as HTTP/1.1, with the header fields that every response has.
struct ResponseEncoder: ~Copyable {
    /// What becomes of the connection behind a response, as the client is told.
    enum Persistence {
        /// The rule for HTTP/1.1: it stays open, without a word.
        case keep
        /// HTTP/1.0 must be told that it stays open.
        case keepExplicitly
        case close
    }

    /// How the end of a body is told.
    enum Framing {
        /// By its length, which is known.
        case length
        /// By a last chunk (RFC 9112, section 7.1).
        case chunks
        /// By the end of the connection: all that HTTP/1.0 knows.
        case close
    }

    private var writer = ByteWriter(capacity: 16 * 1024)
    private var date = DateHeader()
    private let serverLine: [UInt8]

    /// Takes the value of the `Server` field.
    init(serverName: String) {
        self.serverLine = Array("Server: \(serverName)\r\n".utf8)
    }

    /// Encodes a response.
    ///
    /// - Parameters:
    ///   - response: What to send.
    ///   - method: The method of the request, where it is known: HEAD gets no body, but the length of GET's.
    ///   - persistence: What becomes of the connection.
    ///   - framing: How the end of its body is told; without a length, the body is none of the message.
    ///   - body: Receives all bytes of the message; they are valid inside it only.
    /// - Returns: What `body` returns.
    @inline(__always)
    mutating func encode<Result>(
        _ response: HTTPResponse, to method: HTTPMethod?, persistence: Persistence,
        framing: Framing = .length, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        self.writer.reset()
        self.writer.write("HTTP/1.1 ")
        self.writer.write(decimal: response.status.code)
        self.writer.write(" ")
        self.writer.write(response.status.reason)
        self.writer.write("\r\n")
        self.writer.write(self.date.line())
        self.writer.write(self.serverLine)
        for field in response.headers.fields {
            self.writer.writeLine(field.name)
            self.writer.write(": ")
            self.writer.writeLine(field.value)
            self.writer.write("\r\n")
        }
        // 1xx, 204 and 304 end with their head, whatever they say (RFC 9112, section 6.3).
        let mayHaveBody = response.status.code >= 200 && response.status.code != 204 && response.status.code != 304
        let isWhole = mayHaveBody && framing == .length && response.stream == nil
        if isWhole {
            self.writer.write("Content-Length: ")
            self.writer.write(decimal: response.body.count)
            self.writer.write("\r\n")
        } else if framing == .chunks {
            self.writer.write("Transfer-Encoding: chunked\r\n")
        }
        switch persistence {
        case .keep: break
        case .keepExplicitly: self.writer.write("Connection: keep-alive\r\n")
        case .close: self.writer.write("Connection: close\r\n")
        }
        self.writer.write("\r\n")
        if isWhole, method != .head { self.writer.write(response.body) }
        let result = body(self.writer.bytes)
        self.writer.shrink()
        return result
    }

    /// Encodes a piece of a body whose length is not known.
    ///
    /// - Parameters:
    ///   - piece: Its bytes; an empty one ends a body in chunks.
    ///   - framing: As the head said.
    ///   - body: Receives all bytes to send; they are valid inside it only.
    /// - Returns: What `body` returns.
    mutating func encode<Result>(
        piece: [UInt8], framing: Framing, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        self.writer.reset()
        if framing == .chunks {
            self.writer.write(hexadecimal: piece.count)
            self.writer.write("\r\n")
        }
        self.writer.write(piece)
        if framing == .chunks { self.writer.write("\r\n") }
        let result = body(self.writer.bytes)
        self.writer.shrink()
        return result
    }
}
