import Glibc
import ProcessCore
import Synchronization

@testable import ProcessCommands

/// Runs real commands through `run`, with pipes in place of the standard streams and a tracker that a test makes up.
struct RunFixture: Sendable {
    /// What came of a run.
    struct Result: Sendable {
        var status: ExitStatus
        var output: [UInt8]
        var errors: [UInt8]
        var warnings: [String]

        var outputText: String { String(decoding: self.output, as: UTF8.self) }
        var errorText: String { String(decoding: self.errors, as: UTF8.self) }
    }

    /// Times that hold nothing up.
    static let quick = RunTiming(
        messageInterval: .milliseconds(1), longestHeartbeatInterval: .milliseconds(5), killDelay: .milliseconds(100),
        lastReportLimit: .milliseconds(50), lastReportLimitAfterSignal: .milliseconds(20), retryDelay: .milliseconds(1),
        groupCheckInterval: .milliseconds(2), linger: .milliseconds(100))

    var tracker = FakeTracker()
    var timing = Self.quick
    var signals = SignalSwitch()
    var sharesGroup = false
    var ignoredSignals: Set<Int32> = []
    var options: [String] = []
    /// Where the command's output goes; nil collects it.
    var output: Int32?
    /// Whether both streams go to the same place.
    var isMerged = false
    /// Hears each warning as it is given.
    var onWarning: @Sendable () -> Void = {}

    /// Runs a script of the shell.
    func run(script: String) async throws -> Result { try await self.run("/bin/sh", "-c", script) }

    /// Runs a command.
    func run(_ words: String...) async throws -> Result {
        let output = try Collector()
        let errors = try Collector()
        let warnings = Collected()
        let signals = self.signals
        let environment = RunEnvironment(
            output: self.output ?? output.descriptor, error: self.isMerged ? output.descriptor : errors.descriptor,
            timing: self.timing, startSignals: { receive throws(CommandError) in signals.connect(receive) },
            sharesGroup: self.sharesGroup, ignoredSignals: self.ignoredSignals,
            sleep: { try await Task.sleep(for: $0) },
            warn: {
                warnings.warn($0)
                self.onWarning()
            },
            worker: "host/1", idempotencyKey: "key-1")
        let session = RunSession(
            options: try Self.options(self.options + ["--"] + words), api: TrackerAPI(client: self.tracker),
            environment: environment)
        let status: ExitStatus
        do {
            status = try await session.run()
        } catch {
            _ = (await output.finish(), await errors.finish())
            throw error
        }
        return Result(
            status: status, output: await output.finish(), errors: await errors.finish(),
            warnings: warnings.errors.withLock { $0 })
    }

    /// Reads the words behind `run`.
    static func options(_ words: [String]) throws(CommandError) -> RunOptions {
        let parser = ArgumentParser(commands: CommandCatalogue.all, defaultCommand: "serve")
        let arguments = ProgramArguments((["run"] + words).map { [UInt8]($0.utf8) })
        guard case .command(let parsed) = try parser.parse(arguments) else { throw .usage("not a command") }
        return try RunOptions(parsed)
    }
}

/// Sends signals to a run without sending any to the tests.
final class SignalSwitch: Sendable {
    private let receiver = Mutex<(@Sendable (ReceivedSignal) -> Void)?>(nil)

    func connect(_ receive: @escaping @Sendable (ReceivedSignal) -> Void) { self.receiver.withLock { $0 = receive } }

    func send(_ number: Int32, isFromTerminal: Bool = false) {
        let receive = self.receiver.withLock { $0 }
        receive?(ReceivedSignal(number: number, isFromTerminal: isFromTerminal))
    }
}

/// A pipe whose other end is read, on a thread of its own, until nobody can write to it any more.
final class Collector: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isAtEnd = false
        var waiter: CheckedContinuation<[UInt8], Never>?
    }

    /// The end to write to.
    let descriptor: Int32
    private let state = Mutex(State())

    init() throws(CommandError) {
        let pipe = try Pipe()
        self.descriptor = pipe.writing
        try BlockingThread.start { self.read(pipe.reading) }
    }

    /// Closes the end to write to, and waits for the other end to have been read.
    func finish() async -> [UInt8] {
        close(self.descriptor)
        return await withCheckedContinuation { continuation in
            self.state.withLock { state in
                if state.isAtEnd { continuation.resume(returning: state.bytes) } else { state.waiter = continuation }
            }
        }
    }

    private func read(_ descriptor: Int32) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            self.state.withLock { $0.bytes += buffer[..<count] }
        }
        close(descriptor)
        self.state.withLock { state in
            state.isAtEnd = true
            state.waiter?.resume(returning: state.bytes)
        }
    }
}
