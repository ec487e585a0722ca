import Glibc
import ProcessCore
import ProcessHTTP
import ProcessTestSupport
import Synchronization

@testable import ProcessCommands

/// Runs real handlers through `work`, with a queue that a test makes up and pipes in place of the standard streams.
struct WorkFixture: Sendable {
    /// What came of a worker.
    struct Result: Sendable {
        var code: Int32
        /// What handlers printed to standard error, as it was passed on.
        var errors: String
        var warnings: [String]
        var outcomes: [HandlerOutcome]
    }

    /// Times that hold nothing up.
    static let quick = WorkTiming(
        emptyClaimPause: .milliseconds(1), progressInterval: .milliseconds(1),
        longestHeartbeatInterval: .milliseconds(5), killDelay: .milliseconds(100), retryDelay: .milliseconds(1),
        longestRetryDelay: .milliseconds(5), hurriedReportLimit: .milliseconds(20),
        groupCheckInterval: .milliseconds(2), linger: .milliseconds(100))

    let queue: FakeQueue
    var options = ["--queue", "default"]
    var timing = Self.quick
    /// The time, where a test has its own.
    var clock: SkippingClock?

    init(_ jobs: FakeQueue.Job..., answer: @escaping FakeQueue.Answer = { (_, _) throws(TrackerClientError) in nil }) {
        self.queue = FakeQueue(jobs, answer)
    }

    /// Works with a script of the shell, until all jobs have ended.
    func work(_ script: String) async throws -> Result { try await self.work(["/bin/sh", "-c", script]) }

    /// Works with a handler.
    func work(_ words: [String]) async throws -> Result {
        let errors = try Collector()
        let warnings = Collected()
        let outcomes = Outcomes()
        let signals = self.queue.signals
        let clock = self.clock
        let environment = WorkEnvironment(
            error: errors.descriptor, timing: self.timing,
            startSignals: { receive throws(CommandError) in signals.connect(receive) }, ignoredSignals: [],
            path: "/usr/bin:/bin", now: { clock?.now ?? .now },
            sleep: { duration in
                guard let clock else { return try await Task.sleep(for: duration) }
                try await clock.sleep(duration)
            }, warn: { warnings.warn($0) }, log: { outcomes.add($0) }, worker: "host/1")
        let session = WorkSession(
            options: try Self.options(self.options + ["--"] + words), api: TrackerAPI(client: self.queue.tracker),
            environment: environment)
        let code: Int32
        do {
            code = try await session.run()
        } catch {
            _ = await errors.finish()
            throw error
        }
        return Result(
            code: code, errors: String(decoding: await errors.finish(), as: UTF8.self),
            warnings: warnings.errors.withLock { $0 }, outcomes: outcomes.all)
    }

    /// Reads the words behind `work`.
    static func options(_ words: [String]) throws(CommandError) -> WorkOptions {
        let parser = ArgumentParser(commands: CommandCatalogue.all, defaultCommand: "serve")
        let arguments = ProgramArguments((["work"] + words).map { [UInt8]($0.utf8) })
        guard case .command(let parsed) = try parser.parse(arguments) else { throw .usage("not a command") }
        return try WorkOptions(parsed)
    }

    private final class Outcomes: Sendable {
        private let outcomes = Mutex<[HandlerOutcome]>([])
        func add(_ outcome: HandlerOutcome) { self.outcomes.withLock { $0.append(outcome) } }
        var all: [HandlerOutcome] { self.outcomes.withLock { $0 } }
    }
}

/// A clock that stands still until it is told to skip: from then on a wait is over at once, and has taken its time.
final class SkippingClock: Sendable {
    private let start = ContinuousClock.now
    private let time = Mutex(Duration.zero)
    private let isSkipping = Atomic(false)

    /// What has passed since the clock was made.
    var passed: Duration { self.time.withLock { $0 } }
    var now: ContinuousClock.Instant { self.start + self.passed }

    func skip() { self.isSkipping.store(true, ordering: .releasing) }

    func sleep(_ duration: Duration) async throws {
        guard self.isSkipping.load(ordering: .acquiring) else { return try await Task.sleep(for: duration) }
        try Task.checkCancellation()
        self.time.withLock { $0 += duration }
        await Task.yield()
    }
}

/// A tracker with work in it, which tells the worker to stop once all of that has ended.
final class FakeQueue: Sendable {
    /// A process in the queue.
    struct Job: Sendable {
        var id: String
        /// Its input; nil for none.
        var input: String?
        /// More of its fields, as JSON members.
        var more: String?

        init(_ id: String = "j-1", input: String? = nil, _ more: String? = nil) {
            self.id = id
            self.input = input
            self.more = more
        }

        var text: String {
            #"{"process_id":"\#(self.id)","kind":"test","status":"running","attempt":2,"max_attempts":3,"queue":"default","#
                + #""created_at":"2026-11-08T10:00:00.000Z","input":\#(self.input ?? "null")"#
                + (self.more.map { ",\($0)" } ?? "") + "}"
        }
    }

    /// What a test answers itself; nil for what the queue answers.
    typealias Answer =
        @Sendable (_ call: FakeTracker.Call, _ queue: FakeQueue) throws(TrackerClientError) -> HTTPResponse?

    private struct State {
        var waiting: [Job]
        var open: Set<String> = []
    }

    let signals = SignalSwitch()
    private let state: Mutex<State>
    private let answer: Answer
    private let ownTracker = Mutex<FakeTracker?>(nil)

    init(_ jobs: [Job], _ answer: @escaping Answer) {
        self.state = Mutex(State(waiting: jobs))
        self.answer = answer
    }

    /// What the worker speaks to.
    var tracker: FakeTracker {
        self.ownTracker.withLock { tracker in
            if let tracker { return tracker }
            let made = FakeTracker { [unowned self] (call) throws(TrackerClientError) in try self.respond(call) }
            tracker = made
            return made
        }
    }

    /// How many claims it has seen.
    var claims: Int { self.tracker.lines.count { $0 == "POST /claim" } }

    private func respond(_ call: FakeTracker.Call) throws(TrackerClientError) -> HTTPResponse {
        let response: HTTPResponse
        if let answer = try self.answer(call, self) {
            response = answer
        } else if call.line == "POST /claim" {
            response = self.claim(call)
        } else {
            let status = call.line.hasPrefix("POST /fail/") ? "pending" : "running"
            response = FakeTracker.json(
                #"{"process_id":"x","kind":"test","status":"\#(status)","created_at":"2026-11-08T10:00:00.000Z"}"#)
        }
        let words = call.line.split(separator: "/")
        if words.count == 3 {
            let isEnd = [409, 404, 410].contains(response.status.code)
            let isTaken = ["complete", "fail", "cancelled"].contains(words[1]) && response.status.code == 200
            if isEnd || isTaken { self.state.withLock { _ = $0.open.remove(String(words[2])) } }
        }
        return response
    }

    private func claim(_ call: FakeTracker.Call) -> HTTPResponse {
        var fields = (try? JSONObject(parsing: [UInt8](call.body.utf8))) ?? JSONObject()
        let limit = Int((try? fields.takeInteger("limit")) ?? 1)
        let (jobs, isAllDone) = self.state.withLock { state in
            let jobs = Array(state.waiting.prefix(limit))
            state.waiting.removeFirst(jobs.count)
            state.open.formUnion(jobs.map(\.id))
            return (jobs, state.open.isEmpty)
        }
        if isAllDone { self.signals.send(SIGTERM) }
        return FakeTracker.json(#"{"processes":[\#(jobs.map(\.text).joined(separator: ","))]}"#)
    }
}

/// A folder for one test.
struct ScratchFolder: ~Copyable {
    let path: String

    init() throws { self.path = try TemporaryDirectory.make() }

    /// Writes a file.
    func write(_ name: String, _ text: String, mode: mode_t = 0o755) throws -> String {
        let file = "\(self.path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw CommandError(.failed, "no file") }
        _ = [UInt8](text.utf8).withUnsafeBytes { Descriptor.write($0, to: descriptor) }
        close(descriptor)
        return file
    }

    deinit { TemporaryDirectory.remove(self.path) }
}
