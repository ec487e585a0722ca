import EventLoop
import ProcessHTTP
import ProcessService
import ProcessTestSupport
import Testing

@testable import ProcessCommands

@Suite("Waiting for a tracker's first answer", .timeLimit(.minutes(3)))
struct WaitingNoticeTests {
    @Test("who waits for a tracker that takes connections and says nothing is told so, with its address")
    func silence() async throws {
        let listener = try LoopbackListener()
        let loop = try EventLoop(name: "client")
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        let client = HTTPTrackerClient(
            ServiceURL(host: "127.0.0.1", port: listener.port), loop: loop, patience: .zero,
            say: { continuation.yield($0) })
        let request = Task { try await client.send(HTTPRequest(method: .get, path: "/stats")) }
        let line = await lines.first { _ in true }
        #expect(line == "no answer yet from the tracker at http://127.0.0.1:\(listener.port); waiting")
        request.cancel()
        _ = await request.result
        await loop.shutdown()
    }

    @Test("nothing is said once the tracker has answered, nor twice")
    func once() async throws {
        let loop = try EventLoop(name: "client")
        let answered = WaitingNotice("waiting", after: .zero, on: loop, say: { _ in Issue.record("it was said") })
        answered.end()
        #expect(answered.begin() == nil)

        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        let notice = WaitingNotice("waiting", after: .zero, on: loop, say: { continuation.yield($0) })
        #expect(notice.begin() != nil)
        #expect(await lines.first { _ in true } == "waiting")
        #expect(notice.begin() == nil)
        await loop.shutdown()
    }
}
