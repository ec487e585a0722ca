import HTTPTransport
import ProcessHTTP

/// A connection that reads server-sent events, with a parser that shares nothing with the program's.
final class EventConnection {
    /// An event; comments and waiting times are passed over.
    struct Event: CustomStringConvertible {
        var name = ""
        var id: String?
        var data = ""

        var description: String { "\(self.name) \(self.id ?? "-") \(self.data.prefix(200))" }
    }

    private let client: HTTPClient
    private let stream: HTTPResponseStream
    private var received: [UInt8] = []

    /// The status of the answer; below 300 there are events.
    var status: Int { self.stream.response.status.code }

    /// Asks for events.
    ///
    /// - Parameters:
    ///   - address: Where the program serves.
    ///   - target: Path and query.
    ///   - headers: More header fields.
    /// - Throws: `HTTPClientError`, where no answer came.
    init(to address: HostPort, _ target: String, _ headers: [String: String] = [:]) async throws {
        let parts = target.split(separator: "?", maxSplits: 1)
        self.client = HTTPClient(address, loop: TrackerConnection.loop)
        self.stream = try await self.client.stream(
            HTTPRequest(
                method: .get, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : nil,
                headers: HTTPHeaders(headers.map { .init(name: $0, value: $1) })), longestSilence: .seconds(60))
    }

    deinit { self.stream.close() }

    /// Goes, whatever is still to come.
    func close() { self.stream.close() }

    /// The next event; `nil` at the end of the stream.
    ///
    /// - Throws: `HTTPClientError`, where the connection breaks off.
    func next() async throws -> Event? {
        while true {
            while let end = self.endOfBlock() {
                let block = String(decoding: self.received[..<end], as: UTF8.self)
                self.received.removeFirst(end + 2)
                let event = Self.event(block)
                if !event.name.isEmpty { return event }
            }
            guard let piece = try await self.stream.next() else { return nil }
            self.received += piece
        }
    }

    private func endOfBlock() -> Int? {
        guard self.received.count > 1 else { return nil }
        return (0..<self.received.count - 1).first { self.received[$0] == 10 && self.received[$0 + 1] == 10 }
    }

    private static func event(_ block: String) -> Event {
        var event = Event()
        var data: [Substring] = []
        for line in block.split(separator: "\n") {
            let parts = line.split(separator: ": ", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "event": event.name = String(parts[1])
            case "id": event.id = String(parts[1])
            case "data": data.append(parts[1])
            default: break
            }
        }
        event.data = data.joined(separator: "\n")
        return event
    }
}
