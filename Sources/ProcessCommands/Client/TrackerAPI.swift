internal import ProcessHTTP

/// The calls of the tracker's API that commands make.
struct TrackerAPI: Sendable {
    /// What sends them.
    let client: any TrackerClient

    /// Reads from the tracker.
    ///
    /// - Parameters:
    ///   - path: The path.
    ///   - query: Names and values; none of them encoded.
    /// - Returns: The answer's body.
    /// - Throws: `TrackerFailure`.
    func get(_ path: String, _ query: [(name: String, value: String)] = []) async throws(TrackerFailure) -> [UInt8] {
        try await self.send(.get, path, query)
    }

    /// Sends something to the tracker.
    func post(
        _ path: String, _ body: [UInt8] = [], headers: HTTPHeaders = HTTPHeaders()
    ) async throws(TrackerFailure) -> [UInt8] {
        try await self.send(.post, path, [], body: body, headers: headers)
    }

    /// Sends a request and sorts the answer.
    func send(
        _ method: HTTPMethod, _ path: String, _ query: [(name: String, value: String)] = [], body: [UInt8] = [],
        headers: HTTPHeaders = HTTPHeaders()
    ) async throws(TrackerFailure) -> [UInt8] {
        var headers = headers
        if !body.isEmpty { headers.add("Content-Type", "application/json") }
        let request = HTTPRequest(
            method: method, path: path, query: query.isEmpty ? nil : QueryText.encode(query), headers: headers,
            body: body)
        let response: HTTPResponse
        do {
            response = try await self.client.send(request)
        } catch {
            throw .unreachable(error.reason, wasPossiblySent: error.wasPossiblySent)
        }
        guard (200..<300).contains(response.status.code) else { throw .refused(TrackerProblem(response)) }
        return response.body
    }

    /// Asks for a stream of server-sent events.
    ///
    /// - Parameters:
    ///   - path: The path.
    ///   - query: Names and values; none of them encoded.
    ///   - lastEventID: What is known already; empty where that is nothing.
    /// - Returns: The stream, which has begun.
    /// - Throws: `TrackerFailure`.
    func events(
        _ path: String, _ query: [(name: String, value: String)], after lastEventID: String
    ) async throws(TrackerFailure) -> any TrackerStream {
        var headers = HTTPHeaders()
        headers.add("Accept", "text/event-stream")
        if !lastEventID.isEmpty { headers.add("Last-Event-ID", lastEventID) }
        let request = HTTPRequest(
            method: .get, path: path, query: query.isEmpty ? nil : QueryText.encode(query), headers: headers)
        let stream: any TrackerStream
        do {
            stream = try await self.client.open(request)
        } catch {
            throw .unreachable(error.reason, wasPossiblySent: error.wasPossiblySent)
        }
        guard (200..<300).contains(stream.response.status.code) else {
            throw .refused(TrackerProblem(stream.response))
        }
        guard stream.response.headers["Content-Type"]?.hasPrefix("text/event-stream") == true else {
            stream.close()
            throw .unintelligible("its answer is no stream of events")
        }
        return stream
    }

    /// Sends a request whose answer is a process, and reads that.
    func process(
        _ method: HTTPMethod, _ path: String, body: [UInt8] = [], headers: HTTPHeaders = HTTPHeaders()
    ) async throws(TrackerFailure) -> ProcessView {
        try ProcessView.read(try await self.send(method, path, body: body, headers: headers))
    }
}

/// Text in the path and the query of a URL (RFC 3986, section 2).
enum QueryText {
    /// Names and values as a query.
    static func encode(_ items: [(name: String, value: String)]) -> String {
        items.map { "\(Self.escape($0.name))=\(Self.escape($0.value))" }.joined(separator: "&")
    }

    /// A text with all but unreserved characters percent-encoded.
    static func escape(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                for digit in [byte >> 4, byte & 0xF] {
                    bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
