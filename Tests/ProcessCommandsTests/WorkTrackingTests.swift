import Glibc
import ProcessCore
import ProcessHTTP
import Synchronization
import Testing

@testable import ProcessCommands

@Suite("work: what the tracker and the worker's user ask for", .timeLimit(.minutes(3)))
struct WorkTrackingTests {
    /// Answers what `change` says to progress reports, from the handler's first own one on: it has set itself up by then.
    private static func onceReady(_ change: String) -> FakeQueue.Answer {
        let isReady = Mutex(false)
        return { call, _ throws(TrackerClientError) in
            if call.body.contains("ready") { isReady.withLock { $0 = true } }
            guard isReady.withLock({ $0 }), call.line.hasPrefix("POST /progress") else { return nil }
            return FakeTracker.process(change)
        }
    }

    private static let ready = "echo '::progress 0.1 ready' >&2"

    @Test("heartbeats go on by themselves, each with the attempt")
    func heartbeats() async throws {
        let count = Mutex(0)
        let fixture = WorkFixture(.init()) { call, _ throws(TrackerClientError) in
            guard call.line == "POST /progress/j-1" else { return nil }
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number < 5 ? nil : FakeTracker.process(#""cancel_requested":true"#)
        }
        _ = try await fixture.work("exec sleep 1000")
        let bodies = fixture.queue.tracker.requests.filter { $0.line == "POST /progress/j-1" }.map(\.body)
        #expect(bodies.count >= 5 && bodies.allSatisfy { $0 == #"{"attempt":2}"# })
    }

    @Test("a cancel request ends the handler by SIGTERM, and is confirmed")
    func cancel() async throws {
        let fixture = WorkFixture(.init(), answer: Self.onceReady(#""cancel_requested":true"#))
        let result = try await fixture.work("\(Self.ready); exec sleep 1000")
        #expect(fixture.queue.tracker.body(of: "POST /cancelled/j-1") == #"{"attempt":2}"#)
        #expect(result.outcomes.map(\.ending) == [.cancelled])
    }

    @Test("a handler, or what it started, that does not listen to SIGTERM is ended by SIGKILL")
    func cancelByForce() async throws {
        let folder = try ScratchFolder()
        let fixture = WorkFixture(.init(), answer: Self.onceReady(#""cancel_requested":true"#))
        let result = try await fixture.work(
            "(trap '' TERM; while :; do sleep 0.01; done) & echo $! > \(folder.path)/pid; \(Self.ready); wait")
        #expect(result.outcomes.map(\.ending) == [.cancelled])
        let number = try #require(pid_t(try Self.read("\(folder.path)/pid").dropLast()))
        // The signal has been sent; whoever runs on another core ends at its next turn.
        while let state = try? Self.read("/proc/\(number)/stat"), !state.contains(") Z "), !state.contains(") X ") {
            await Task.yield()
        }
    }

    @Test("a handler that completes in spite of a cancel request has completed")
    func completedInSpite() async throws {
        let fixture = WorkFixture(.init(), answer: Self.onceReady(#""cancel_requested":true"#))
        let result = try await fixture.work(
            "trap 'echo 5; exit 0' TERM; \(Self.ready); while :; do sleep 0.01; done")
        #expect(result.outcomes.map(\.ending) == [.completed])
        #expect(fixture.queue.tracker.body(of: "POST /complete/j-1") == #"{"attempt":2,"result":5}"#)
    }

    @Test(
        "work that was given away costs one warning: its handler is stopped, nothing is reported, and the next is claimed",
        arguments: [
            (409, "stale_attempt"), (409, "already_finished"), (404, "process_not_found"), (410, "process_removed"),
        ])
    func givenAway(status: Int, code: String) async throws {
        let fixture = WorkFixture(.init("j-1"), .init("j-2")) { call, _ throws(TrackerClientError) in
            guard call.line == "POST /progress/j-1" else { return nil }
            return FakeTracker.problem(HTTPStatus(code: status), code, "Somebody else has it.")
        }
        let result = try await fixture.work("[ $PROCESS_ID = j-2 ] || exec sleep 1000")
        #expect(result.code == 0)
        #expect(
            result.warnings == [
                "warning: j-1 (attempt 2) is no longer ours: Somebody else has it (\(code))"
            ])
        #expect(result.outcomes.map(\.ending) == [.lost("Somebody else has it (\(code))"), .completed])
        let lines = fixture.queue.tracker.lines
        #expect(!lines.contains { $0.hasSuffix("/j-1") && !$0.hasPrefix("POST /progress") })
    }

    @Test("a last report that comes too late costs one warning")
    func tooLate() async throws {
        let fixture = WorkFixture(.init()) { call, _ throws(TrackerClientError) in
            guard call.line == "POST /complete/j-1" else { return nil }
            return FakeTracker.problem(.conflict, "stale_attempt", "Somebody else has it.")
        }
        let result = try await fixture.work("true")
        #expect(result.warnings.count == 1 && result.code == 0)
        #expect(result.outcomes.map(\.ending) == [.lost("Somebody else has it (stale_attempt)")])
    }

    // MARK: Signals

    /// Sends signals to the worker, a number of them at each of the handler's reports that says so.
    private static func signalling(_ number: Int32 = SIGTERM, times: Int = 1) -> FakeQueue.Answer {
        let isSent = Mutex(false)
        return { call, queue throws(TrackerClientError) in
            let isFirst = isSent.withLock { isSent in
                guard !isSent, call.body.contains("ready") else { return false }
                isSent = true
                return true
            }
            if isFirst { for _ in 0..<times { queue.signals.send(number) } }
            return nil
        }
    }

    @Test("told to stop, it claims no more and finishes what runs", arguments: [SIGTERM, SIGINT, SIGHUP])
    func drain(number: Int32) async throws {
        let fixture = WorkFixture(.init("j-1"), .init("j-2"), answer: Self.signalling(number))
        let result = try await fixture.work("\(Self.ready); sleep 0.1; echo finished")
        #expect(result.code == 0)
        #expect(fixture.queue.claims == 1)
        #expect(fixture.queue.tracker.body(of: "POST /complete/j-1") == #"{"attempt":2,"result":"finished"}"#)
        #expect(
            result.warnings == ["told to stop: claiming no more, waiting for 1 handler; once more ends them"])
    }

    @Test("told to stop twice, it ends the handlers, and their work goes back")
    func stop() async throws {
        let fixture = WorkFixture(.init(), answer: Self.signalling(times: 2))
        let result = try await fixture.work("\(Self.ready); exec sleep 1000")
        #expect(result.code == 0)
        let body = try #require(fixture.queue.tracker.body(of: "POST /fail/j-1"))
        #expect(
            body.contains(#""code":"worker_stopped","message":"the worker was told to stop","details":{"signal":15"#))
        #expect(!body.contains("retry"))
    }

    @Test("told to stop three times, it ends the handlers at once")
    func killAll() async throws {
        var fixture = WorkFixture(.init(), answer: Self.signalling(times: 3))
        fixture.timing.killDelay = .seconds(1000)
        let result = try await fixture.work("trap '' TERM; \(Self.ready); while :; do sleep 0.01; done")
        #expect(result.code == 0)
        #expect(fixture.queue.tracker.body(of: "POST /fail/j-1")?.contains(#""signal":9"#) == true)
    }

    @Test("handlers that take longer than --grace are ended")
    func grace() async throws {
        var fixture = WorkFixture(.init(), answer: Self.signalling())
        fixture.options += ["--grace", "10ms"]
        _ = try await fixture.work("\(Self.ready); exec sleep 1000")
        #expect(fixture.queue.tracker.body(of: "POST /fail/j-1")?.contains("worker_stopped") == true)
    }

    @Test("what was handed out while it was told to stop is done all the same")
    func handedOutLate() async throws {
        let fixture = WorkFixture(.init()) { call, queue throws(TrackerClientError) in
            if call.line == "POST /claim" { queue.signals.send(SIGTERM) }
            return nil
        }
        let result = try await fixture.work("echo 1")
        #expect(result.outcomes.map(\.ending) == [.completed])
        #expect(fixture.queue.claims == 1)
    }

    // MARK: A tracker that is away

    @Test("a tracker that is away is tried again until it is back, with one warning for all of that")
    func outage() async throws {
        let count = Mutex(0)
        let fixture = WorkFixture(.init()) { call, _ throws(TrackerClientError) in
            let number = count.withLock { count in
                count += 1
                return count
            }
            switch number {
            case 1, 2: throw TrackerClientError("connection refused")
            case 3: return FakeTracker.problem(.serviceUnavailable, "store_unavailable", "No store.")
            default: return nil
            }
        }
        let result = try await fixture.work("echo 1")
        #expect(result.code == 0)
        #expect(
            result.warnings == [
                "warning: no tracker answers at http://tracker.test:8080 (connection refused); trying again until it does. "
                    + "What runs goes on", "the tracker at http://tracker.test:8080 answers again",
            ])
        #expect(result.outcomes.map(\.ending) == [.completed])
    }

    @Test("a proxy that knows no tracker for the moment ends nobody's work")
    func proxy() async throws {
        let count = Mutex(0)
        let fixture = WorkFixture(.init()) { call, _ throws(TrackerClientError) in
            guard call.line.hasSuffix("/j-1") else { return nil }
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number < 5 ? HTTPResponse(.notFound, body: [UInt8]("<html>No backend</html>".utf8)) : nil
        }
        let result = try await fixture.work("echo '::progress 0.1 ready' >&2; echo 1")
        #expect(result.outcomes.map(\.ending) == [.completed])
        #expect(result.warnings.count == 2 && result.warnings[0].contains("is not ready: the answer was 404"))
    }

    @Test("a result survives a tracker that is away for a while")
    func lastReport() async throws {
        let count = Mutex(0)
        let fixture = WorkFixture(.init()) { call, _ throws(TrackerClientError) in
            guard call.line == "POST /complete/j-1" else { return nil }
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number < 5 { throw TrackerClientError("connection refused") }
            return nil
        }
        let result = try await fixture.work("echo 1")
        #expect(result.outcomes.map(\.ending) == [.completed])
        #expect(fixture.queue.tracker.lines.count { $0 == "POST /complete/j-1" } == 5)
    }

    @Test("a last report is given up once the lease has passed, and the worker says so by its exit code")
    func unreported() async throws {
        let isTold = Mutex(false)
        let fixture = WorkFixture(.init("j-1", #""lease":"500ms""#)) { call, queue throws(TrackerClientError) in
            guard call.line == "POST /complete/j-1" else { return nil }
            let isFirst = isTold.withLock { isTold in
                defer { isTold = true }
                return !isTold
            }
            if isFirst { queue.signals.send(SIGTERM) }
            throw TrackerClientError("connection refused")
        }
        let result = try await fixture.work("echo 1")
        #expect(result.code == 1)
        #expect(result.outcomes.map(\.ending) == [.unreported("connection refused")])
        #expect(fixture.queue.tracker.lines.last == "POST /complete/j-1")
    }

    @Test("a failure that may have arrived and now is stale has arrived")
    func failureTwice() async throws {
        let count = Mutex(0)
        let fixture = WorkFixture(.init()) { call, _ throws(TrackerClientError) in
            guard call.line == "POST /fail/j-1" else { return nil }
            let isFirst = count.withLock { count in
                count += 1
                return count == 1
            }
            if isFirst { throw TrackerClientError("the connection was lost", wasPossiblySent: true) }
            return FakeTracker.problem(.conflict, "stale_attempt", "It is pending.")
        }
        let result = try await fixture.work("exit 1")
        guard case .failed(_, willRetry: true) = result.outcomes.first?.ending else {
            Issue.record("\(result.outcomes)")
            return
        }
        #expect(result.code == 0)
    }

    @Test("a claim that is refused for good ends the worker")
    func refusedClaim() async throws {
        let fixture = WorkFixture { _, _ throws(TrackerClientError) in
            FakeTracker.problem(.badRequest, "invalid_field", "No such lease.")
        }
        let error = await #expect(throws: CommandError.self) { try await fixture.work("true") }
        #expect(error?.message == "the tracker does not let us claim: No such lease (invalid_field)")
        #expect(error?.code == .failed)
    }

    static func read(_ path: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CommandError(.failed, "gone") }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        return String(decoding: buffer[..<max(0, Glibc.read(descriptor, &buffer, 4096))], as: UTF8.self)
    }
}
