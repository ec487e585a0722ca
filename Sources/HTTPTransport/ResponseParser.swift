internal import ProcessHTTP

/// Puts a response together from bytes as they arrive, in pieces of any size.
struct ResponseParser {
    /// Why the bytes are no response.
    struct Malformed: Error {
        let reason: String
    }

    private enum State {
        case head
        case sized(remaining: Int)
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailer
        case untilEnd
        case complete
    }

    private let method: HTTPMethod
    private let maximumBodySize: Int
    private var state = State.head
    private var line: [UInt8] = []
    private var lines: [String] = []

    private(set) var response = HTTPResponse(HTTPStatus(code: 0))
    /// Whether the connection can be used for another request.
    private(set) var keepsConnection = true

    /// A parser for the answer to one request.
    ///
    /// - Parameters:
    ///   - method: The method of the request: there is no body after HEAD.
    ///   - maximumBodySize: The largest body to take, in bytes.
    init(method: HTTPMethod, maximumBodySize: Int) {
        self.method = method
        self.maximumBodySize = maximumBodySize
    }

    var isComplete: Bool {
        if case .complete = self.state { true } else { false }
    }

    /// Whether status and header fields are known.
    var hasHead: Bool { self.response.status.code != 0 }

    /// Whether the status, once it is known, is one of success.
    var isSuccess: Bool { (200..<300).contains(self.response.status.code) }

    /// Takes out what there is of the body, which then counts no more towards its largest size.
    mutating func takeBody() -> [UInt8] {
        defer { self.response.body = [] }
        return self.response.body
    }

    /// Takes in what has arrived. Bytes behind the end of the response mean that the connection is not to be kept.
    mutating func receive(_ bytes: [UInt8]) throws(Malformed) {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch self.state {
            case .head:
                guard let line = try self.takeLine(from: &rest) else { continue }
                if line.isEmpty { try self.finishHead() } else { self.lines.append(line) }
            case .sized(let remaining):
                let taken = self.takeBody(from: &rest, atMost: remaining)
                self.state = taken == remaining ? .complete : .sized(remaining: remaining - taken)
            case .chunkSize:
                guard let line = try self.takeLine(from: &rest) else { continue }
                let digits = line.prefix { $0 != ";" && $0 != " " }
                guard let size = Int(digits, radix: 16), size >= 0, !digits.hasPrefix("+"), !digits.hasPrefix("-")
                else {
                    throw Malformed(reason: "a chunk without a size")
                }
                try self.checkSize(adding: size)
                self.state = size == 0 ? .trailer : .chunk(remaining: size)
            case .chunk(let remaining):
                let taken = self.takeBody(from: &rest, atMost: remaining)
                self.state = taken == remaining ? .chunkEnd : .chunk(remaining: remaining - taken)
            case .chunkEnd:
                guard let line = try self.takeLine(from: &rest) else { continue }
                guard line.isEmpty else { throw Malformed(reason: "a chunk longer than it says") }
                self.state = .chunkSize
            case .trailer:
                guard let line = try self.takeLine(from: &rest) else { continue }
                if line.isEmpty { self.state = .complete }
            case .untilEnd:
                try self.checkSize(adding: rest.count)
                _ = self.takeBody(from: &rest, atMost: rest.count)
            case .complete:
                self.keepsConnection = false
                return
            }
        }
    }

    /// The connection has ended, which completes a body that has no other end.
    mutating func receiveEnd() {
        self.keepsConnection = false
        if case .untilEnd = self.state { self.state = .complete }
    }

    private mutating func takeBody(from rest: inout ArraySlice<UInt8>, atMost count: Int) -> Int {
        let piece = rest.prefix(count)
        self.response.body += piece
        rest = rest.dropFirst(piece.count)
        return piece.count
    }

    /// A line without its end, once it is complete.
    private mutating func takeLine(from rest: inout ArraySlice<UInt8>) throws(Malformed) -> String? {
        let end = rest.firstIndex(of: 0x0A)
        self.line += rest[..<(end ?? rest.endIndex)]
        guard self.line.count <= 256 * 1024, self.lines.count < 1000 else {
            throw Malformed(reason: "a head too large")
        }
        guard let end else {
            rest = []
            return nil
        }
        rest = rest[(end + 1)...]
        if self.line.last == 0x0D { self.line.removeLast() }
        defer { self.line.removeAll(keepingCapacity: true) }
        return String(decoding: self.line, as: UTF8.self)
    }

    private func checkSize(adding count: Int) throws(Malformed) {
        if count > self.maximumBodySize - self.response.body.count {
            throw Malformed(reason: "a body of more than \(self.maximumBodySize) bytes")
        }
    }

    private mutating func finishHead() throws(Malformed) {
        guard !self.lines.isEmpty else { return }  // An empty line before the first is harmless.
        let statusLine = self.lines[0].split(separator: " ", maxSplits: 2)
        guard statusLine.count >= 2, statusLine[0].hasPrefix("HTTP/1."), statusLine[1].utf8.count == 3,
            let code = Int(statusLine[1]), code >= 100
        else {
            throw Malformed(reason: "no status line")
        }
        var headers = HTTPHeaders()
        for line in self.lines.dropFirst() {
            guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), colon != line.startIndex else {
                throw Malformed(reason: "a header without a name")
            }
            headers.add(String(line[..<colon]), trimmed(line[line.index(after: colon)...]))
        }
        self.lines = []
        if code < 200 { return }  // 100 Continue and its like come before the response.

        self.response.status = HTTPStatus(code: code)
        self.response.headers = headers
        let connection = headers["Connection"]?.lowercased()
        self.keepsConnection = connection != "close" && (statusLine[0] != "HTTP/1.0" || connection == "keep-alive")
        if self.method == .head || code == 204 || code == 304 {
            self.state = .complete
        } else if headers["Transfer-Encoding"]?.lowercased() == "chunked" {
            self.state = .chunkSize
        } else if let length = headers["Content-Length"] {
            guard let count = Int(length), count >= 0 else { throw Malformed(reason: "a length that is no number") }
            try self.checkSize(adding: count)
            self.response.body.reserveCapacity(count)
            self.state = count == 0 ? .complete : .sized(remaining: count)
        } else {
            self.state = .untilEnd
        }
    }
}

private func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return String(text)
}
