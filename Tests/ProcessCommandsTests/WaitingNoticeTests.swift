import EventLoop
import Glibc
import ProcessHTTP
import ProcessService
import Testing

@testable import ProcessCommands

@Suite("Waiting for a tracker's first answer", .timeLimit(.minutes(3)))
struct WaitingNoticeTests {
    @Test("who waits for a tracker that takes connections and says nothing is told so, with its address")
    func silence() async throws {
        let listener = try SilentListener()
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

/// A port that takes connections, and where nobody reads.
private final class SilentListener: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = self.descriptor
        let result = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(result)
        self.port = name.sin_port.bigEndian
    }

    deinit {
        close(self.descriptor)
    }
}
