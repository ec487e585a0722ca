import ProcessHTTP
import ProcessTestSupport
import Testing

/// One server-sent event, as a reader makes it out.
struct ServerSentEvent: Equatable {
    var name = ""
    var id: String?
    var data = ""

    /// The data as JSON.
    var json: JSONTree { (try? JSONTree(Array(self.data.utf8))) ?? .null }
}

/// Reads the events of an answer while they are written.
final class EventReader: HTTPBodyWriter {
    private let events: AsyncStream<ServerSentEvent>
    private let continuation: AsyncStream<ServerSentEvent>.Continuation

    private init() {
        (self.events, self.continuation) = AsyncStream.makeStream()
    }

    /// The next event; `nil` after the end of the stream.
    func next() async -> ServerSentEvent? {
        for await event in self.events { return event }
        return nil
    }

    func write(_ piece: [UInt8]) async -> Bool {
        // Each piece ends with the end of an event, but for the first one, which is a part of the first event.
        #expect(piece.suffix(2) == [10, 10] || piece == Array("retry: 2000\n".utf8))
        for block in String(decoding: piece, as: UTF8.self).split(separator: "\n\n") {
            var event = ServerSentEvent()
            var data: [Substring] = []
            for line in block.split(separator: "\n", omittingEmptySubsequences: false) {
                let parts = line.split(separator: ": ", maxSplits: 1, omittingEmptySubsequences: false)
                switch parts[0] {
                case "event": event.name = String(parts[1])
                case "id": event.id = String(parts[1])
                case "data": data.append(parts[1])
                case "retry", "": continue
                default: Issue.record("no line of an event: \(line)")
                }
            }
            event.data = data.joined(separator: "\n")
            if !event.name.isEmpty { self.continuation.yield(event) }
        }
        return !Task.isCancelled
    }

    /// Opens a stream that must open, and reads it while the body runs; then leaves, if the stream has not ended by itself.
    static func read(
        _ service: TestService, _ target: String, headers: KeyValuePairs<String, String> = [:],
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (EventReader) async throws -> Void
    ) async throws {
        let response = await service.get(target, headers: headers)
        #expect(response.status == 200, "\(response.text)", sourceLocation: sourceLocation)
        #expect(response.header("Content-Type") == "text/event-stream", sourceLocation: sourceLocation)
        #expect(response.header("Cache-Control") == "no-store", sourceLocation: sourceLocation)
        #expect(response.header("X-Accel-Buffering") == "no", sourceLocation: sourceLocation)
        let stream = try #require(response.message.stream, sourceLocation: sourceLocation)
        #expect(stream.heartbeatInterval == .seconds(15), sourceLocation: sourceLocation)
        let reader = EventReader()
        let writing = Task {
            await stream.write(reader)
            reader.continuation.finish()
        }
        do {
            try await body(reader)
        } catch {
            writing.cancel()
            throw error
        }
        writing.cancel()
        await writing.value
    }
}
