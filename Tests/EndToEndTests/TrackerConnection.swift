import EventLoop
import HTTPTransport
import ProcessHTTP
import ProcessTestSupport

/// Requests to a program under test, over connections that stay open.
final class TrackerConnection: Sendable {
    /// What came back.
    struct Answer: Sendable, CustomStringConvertible {
        let status: Int
        let headers: HTTPHeaders
        let text: String

        var json: JSONNode { JSONNode(self.text) }
        /// The code of a problem document; `nil` where it is none.
        var code: String? {
            self.headers["Content-Type"] == "application/problem+json" ? self.json["code"].string : nil
        }
        var description: String { "\(self.status) \(self.text.prefix(500))" }
    }

    /// One loop for all clients of all tests; it lives as long as the tests.
    static let loop: EventLoop = {
        do { return try EventLoop(name: "test-client") } catch { fatalError("no event loop: \(error)") }
    }()

    private let client: HTTPClient

    init(to address: HostPort) {
        self.client = HTTPClient(address, loop: Self.loop)
    }

    deinit {
        let client = self.client
        Task { await client.close() }
    }

    /// Sends a request and waits for its answer.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - target: Path and query, as they are sent.
    ///   - body: JSON; none for no body.
    ///   - headers: More header fields.
    ///   - limit: The longest wait for the answer.
    /// - Returns: The answer, whatever its status.
    /// - Throws: `HTTPClientError`, where no answer came.
    func send(
        _ method: HTTPMethod, _ target: String, _ body: String? = nil, headers: [String: String] = [:],
        within limit: Duration? = nil
    ) async throws -> Answer {
        let parts = target.split(separator: "?", maxSplits: 1)
        var fields = HTTPHeaders(headers.map { .init(name: $0, value: $1) })
        if body != nil { fields.add("Content-Type", "application/json") }
        let response = try await self.client.send(
            HTTPRequest(
                method: method, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : nil,
                headers: fields, body: Array((body ?? "").utf8)), within: limit)
        return Answer(
            status: response.status.code, headers: response.headers,
            text: String(decoding: response.body, as: UTF8.self))
    }

    func get(_ target: String, headers: [String: String] = [:]) async throws -> Answer {
        try await self.send(.get, target, headers: headers)
    }

    func post(
        _ target: String, _ body: String = "{}", headers: [String: String] = [:]
    ) async throws -> Answer {
        try await self.send(.post, target, body, headers: headers)
    }

    func delete(_ target: String) async throws -> Answer {
        try await self.send(.delete, target)
    }

    /// Asks again and again until an answer is the one waited for; the test's time limit ends it otherwise.
    ///
    /// For what nothing tells of, such as that a connection is back; each question is a round trip, so it does not spin.
    func ask(_ target: String, until isIt: (Answer) -> Bool) async throws -> Answer {
        while true {
            try Task.checkCancellation()
            let answer = try await self.get(target)
            if isIt(answer) { return answer }
        }
    }

    /// All processes, page by page.
    func allProcesses(_ query: String = "", pageSize: Int = 1000) async throws -> [JSONNode] {
        var processes: [JSONNode] = []
        var cursor: String?
        repeat {
            let next = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try await self.get("/processes?limit=\(pageSize)\(query)\(next)")
            guard page.status == 200 else { throw ChildProgram.Failure(description: "no page: \(page)") }
            processes += page.json["processes"].elements
            cursor = page.json["next_cursor"].string
        } while cursor != nil
        return processes
    }
}
