internal import CLibevent
internal import Glibc
internal import ProcessHTTP

/// Copies what evhttp has parsed into a request value, and looks at the framing with stricter eyes than evhttp has.
///
/// Whatever two servers in a row could understand differently is a fault (RFC 9112, sections 6.3 and 11.2): the handler
/// refuses it, and the connection is closed, so nothing behind it is taken for a request.
struct RequestReader {
    private(set) var request: HTTPRequest
    /// What becomes of the connection behind the answer.
    private(set) var persistence: ResponseEncoder.Persistence
    /// Whether the client knows bodies in chunks: HTTP/1.0 does not.
    let takesChunks: Bool

    private var contentLengths = 0
    private var transferEncodings = 0
    private var hosts = 0
    private var connection: UnsafePointer<CChar>?
    private var ambiguity: String?

    /// Reads a complete request.
    ///
    /// - Parameters:
    ///   - source: The request, as evhttp hands it over.
    ///   - head: What was seen of the raw head.
    ///   - chunks: What was seen of the raw body, where it came in chunks.
    ///   - maximumBodySize: The largest body to copy; a larger one is a fault.
    init(
        _ source: UnsafeMutablePointer<evhttp_request>, head: HeadScanner, chunks: ChunkScanner?, maximumBodySize: Int
    ) {
        let method = HTTPMethod(source.pointee.type)
        let target = Target(source)
        self.request = HTTPRequest(method: method, path: target.path, query: target.query)
        self.persistence = .keep
        self.takesChunks = source.pointee.major > 1 || (source.pointee.major == 1 && source.pointee.minor >= 1)

        if head.hasFoldedLine { self.ambiguity = "a header line begins with a blank" }
        if head.hasZeroByte { self.ambiguity = "the head holds a zero byte" }
        self.ambiguity = self.ambiguity ?? chunks?.fault
        self.readHeaders(source)
        self.judgeFraming(method)
        if let ambiguity = self.ambiguity { self.request.fault = .ambiguous(ambiguity) }

        // Where evhttp closes whatever we say, it has to be said. A proxy request is one with a full URL for a target.
        if self.ambiguity != nil || source.pointee.flags & EVHTTP_PROXY_REQUEST != 0 {
            self.persistence = .close
        } else if self.takesChunks {
            self.persistence = hasToken(self.connection, "close") ? .close : .keep
        } else {
            // As evhttp decides it.
            let keeps = self.connection.map { strncasecmp($0, "keep-alive", 10) == 0 } ?? false
            self.persistence = keeps ? .keepExplicitly : .close
        }

        if let input = source.pointee.input_buffer {
            let length = evbuffer_get_length(input)
            if length > maximumBodySize {
                self.request.fault = self.request.fault ?? .bodyTooLarge
            } else if length > 0 {
                self.request.body = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
                    count = max(0, evbuffer_copyout(input, buffer.baseAddress, length))
                }
            }
        }
    }

    private mutating func readHeaders(_ source: UnsafeMutablePointer<evhttp_request>) {
        var fields: [HTTPHeaders.Field] = []
        fields.reserveCapacity(8)
        var next = source.pointee.input_headers.pointee.tqh_first
        while let entry = next {
            if let name = entry.pointee.key, let value = entry.pointee.value {
                self.note(UnsafePointer(name), UnsafePointer(value))
                fields.append(HTTPHeaders.Field(name: String(cString: name), value: String(cString: value)))
            }
            next = entry.pointee.next.tqe_next
        }
        self.request.headers = HTTPHeaders(fields)
    }

    /// Looks at the fields that say where a request ends.
    private mutating func note(_ name: UnsafePointer<CChar>, _ value: UnsafePointer<CChar>) {
        let length = strlen(name)
        switch length {
        case 4 where strcasecmp(name, "Host") == 0:
            self.hosts += 1
        case 10 where strcasecmp(name, "Connection") == 0:
            if self.connection == nil { self.connection = value }
        case 14 where strcasecmp(name, "Content-Length") == 0:
            self.contentLengths += 1
            var digit = value
            while isDigit(digit.pointee) { digit += 1 }
            if digit == value || digit.pointee != 0 { self.ambiguity = "Content-Length is no number" }
        case 17 where strcasecmp(name, "Transfer-Encoding") == 0:
            self.transferEncodings += 1
            if strcasecmp(value, "chunked") != 0 { self.ambiguity = "Transfer-Encoding is not chunked" }
        default:
            break
        }
        for index in 0..<length where !isTokenCharacter(UInt8(bitPattern: name[index])) {
            self.ambiguity = "a header name holds a character that names cannot have"
            return
        }
        if length == 0 { self.ambiguity = "a header has no name" }
    }

    private mutating func judgeFraming(_ method: HTTPMethod) {
        if self.contentLengths > 1 {
            self.ambiguity = "there are two Content-Length headers"
        } else if self.transferEncodings > 1 {
            self.ambiguity = "there are two Transfer-Encoding headers"
        } else if self.contentLengths > 0, self.transferEncodings > 0 {
            self.ambiguity = "there are both Content-Length and Transfer-Encoding"
        } else if self.hosts > 1 {
            self.ambiguity = "there are two Host headers"
        } else if method == .head || method == .trace, self.contentLengths + self.transferEncodings > 0 {
            // evhttp reads no body with these, and would take it for the next request.
            if self.transferEncodings > 0 || self.request.headers["Content-Length"] != "0" {
                self.ambiguity = "a \(method.rawValue) request has a body"
            }
        }
    }
}

/// The path and the query, as they were sent.
private struct Target {
    var path: String
    var query: String?

    init(_ source: UnsafeMutablePointer<evhttp_request>) {
        guard let uri = source.pointee.uri else {
            self.path = "/"
            return
        }
        var start = UnsafePointer(uri)
        if uri.pointee != CChar(bitPattern: UInt8(ascii: "/")) {
            // "http://host/path", as to a proxy. Anything else, such as "*", is its own path.
            if strncasecmp(uri, "http://", 7) == 0 || strncasecmp(uri, "https://", 8) == 0 {
                start += strcspn(uri, ":") + 3
                start += strcspn(start, "/?#")
            }
        }
        let pathLength = strcspn(start, "?#")
        self.path = pathLength == 0 ? "/" : text(start, pathLength)
        if start[pathLength] == CChar(bitPattern: UInt8(ascii: "?")) {
            let query = start + pathLength + 1
            self.query = text(query, strcspn(query, "#"))
        }
    }
}

extension HTTPMethod {
    /// evhttp answers methods that it does not know itself, so there are no others.
    fileprivate init(_ type: evhttp_cmd_type) {
        switch type {
        case EVHTTP_REQ_POST: self = .post
        case EVHTTP_REQ_HEAD: self = .head
        case EVHTTP_REQ_PUT: self = .put
        case EVHTTP_REQ_DELETE: self = .delete
        case EVHTTP_REQ_OPTIONS: self = .options
        case EVHTTP_REQ_TRACE: self = .trace
        case EVHTTP_REQ_CONNECT: self = .connect
        case EVHTTP_REQ_PATCH: self = .patch
        default: self = .get
        }
    }
}

private func text(_ start: UnsafePointer<CChar>, _ length: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
}

@inline(__always)
private func isDigit(_ character: CChar) -> Bool {
    character >= 0x30 && character <= 0x39
}

/// RFC 9110, section 5.6.2.
@inline(__always)
private func isTokenCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "!"), UInt8(ascii: "#"),
        UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"),
        UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"),
        UInt8(ascii: "~"):
        true
    default:
        false
    }
}

/// Whether a list separated by commas holds a word, whatever the case of its letters.
private func hasToken(_ list: UnsafePointer<CChar>?, _ token: String) -> Bool {
    guard var position = list else { return false }
    while true {
        position += strspn(position, " \t,")
        let length = strcspn(position, " \t,")
        if length == 0 { return false }
        if length == token.utf8.count, strncasecmp(position, token, length) == 0 { return true }
        position += length
    }
}
