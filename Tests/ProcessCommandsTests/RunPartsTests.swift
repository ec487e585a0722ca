import Glibc
import Synchronization
import Testing

@testable import ProcessCommands

@Suite("Parts of run", .timeLimit(.minutes(3)))
struct RunPartsTests {
    @Test("a heartbeat comes when it is due, not with the tick behind that, and shows a cancel request by then")
    func heartbeat() async throws {
        let start = ContinuousClock.now
        let time = Mutex(start)
        let heartbeats = Mutex<[Duration]>([])
        let tracker = FakeTracker { call throws(TrackerClientError) in
            guard call.line == "POST /progress/p-1" else { return try FakeTracker.standard(call) }
            heartbeats.withLock { heartbeats in time.withLock { heartbeats.append($0 - start) } }
            return FakeTracker.process(#""cancel_requested":true"#)
        }
        let timing = RunTiming(messageInterval: .seconds(2))
        let tracking = try await RunTracking(
            starting: try RunFixture.options(["--", "true"]), worker: "w", key: "k", at: TrackerAPI(client: tracker))
        let reporter = RunReporter(
            tracking: tracking, capture: OutputCapture(), timing: timing, lease: .seconds(60),
            sleep: { duration in
                // Time passes by sleeping alone.
                if heartbeats.withLock({ $0.count }) == 3 { throw CancellationError() }
                time.withLock { $0 += duration }
            }, now: { time.withLock { $0 } })
        let cancels = Mutex(0)
        #expect(await reporter.run(onCancelRequest: { cancels.withLock { $0 += 1 } }) == nil)
        #expect(heartbeats.withLock { $0 } == [.seconds(5), .seconds(10), .seconds(15)])
        #expect(cancels.withLock { $0 } == 1)
    }

    @Test("a pump closes both of its ends when the command has ended")
    func pumpCloses() throws {
        let (source, notice) = (try Pipe(), try Pipe())
        let pump = OutputPump(
            stream: .output, source: source.reading, destination: -1, exitNotice: notice.reading, linger: .zero,
            capture: OutputCapture())
        defer { for end in [source.writing, notice.writing] { close(end) } }
        // The ends to write to stay open, so that they can say that nobody reads any more.
        #expect(write(notice.writing, [1], 1) == 1)
        #expect(pump.run() == .closed)
        for end in [source.writing, notice.writing] {
            var state = pollfd(fd: end, events: 0, revents: 0)
            #expect(poll(&state, 1, 0) == 1)
            #expect(state.revents & Int16(POLLERR) != 0)
        }
    }

    @Test("a hang-up reaches the leader of a session alone, all else that a terminal sends reaches the command too")
    func hangUp() {
        func isFromTerminal(_ number: Int32, code: Int32, isSessionLeader: Bool) -> Bool {
            ReceivedSignal(number: number, code: code, isSessionLeader: isSessionLeader).isFromTerminal
        }
        let (kernel, process): (Int32, Int32) = (0x80, 0)
        #expect(!isFromTerminal(SIGHUP, code: kernel, isSessionLeader: true))
        #expect(isFromTerminal(SIGHUP, code: kernel, isSessionLeader: false))
        #expect(isFromTerminal(SIGINT, code: kernel, isSessionLeader: true))
        #expect(!isFromTerminal(SIGINT, code: process, isSessionLeader: false))
    }
}
