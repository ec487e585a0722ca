import Glibc
import Synchronization

/// The built program, running: started for one test, on a free port, and gone when the test ends.
final class TrackerProgram: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    struct Ending: Equatable {
        /// The exit code, or 128 and the number of the signal that ended it.
        let code: Int32
        let standardOutput: String
        let standardError: String
    }

    let processID: pid_t
    let url: String
    private let output: OutputReader
    private let errors: OutputReader
    private let ending = Mutex<Int32?>(nil)

    /// Starts the program and waits for its ready line.
    ///
    /// - Parameters:
    ///   - environment: What it is configured by; nothing else of this program's environment reaches it.
    ///   - arguments: What follows its name.
    /// - Throws: `Failure` with what it said, where it ended before it was ready.
    init(_ environment: [String: String], arguments: [String] = ["serve"]) async throws {
        var environment = environment
        if environment["TRACKER_LISTEN"] == nil { environment["TRACKER_LISTEN"] = "127.0.0.1:0" }
        let (processID, output, errors) = try Self.spawn(arguments, environment)
        self.processID = processID
        self.output = output
        self.errors = errors
        guard let line = await output.firstLine() else {
            let code = Self.wait(processID)
            throw Failure(description: "ended with \(code) before it was ready: \(await errors.all())")
        }
        guard let range = line.firstRange(of: "http://") else { throw Failure(description: "no ready line: \(line)") }
        self.url = String(line[range.lowerBound...].prefix { $0 != " " })
    }

    deinit {
        // A test that failed in the middle must leave nothing running.
        if self.ending.withLock({ $0 == nil }) {
            Glibc.kill(self.processID, SIGKILL)
            _ = Self.wait(self.processID)
        }
    }

    /// Runs the program to its end, for commands that end by themselves.
    static func run(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> Ending {
        let (processID, output, errors) = try self.spawn(arguments, environment)
        let (said, complained) = (await output.all(), await errors.all())
        return Ending(code: self.wait(processID), standardOutput: said, standardError: complained)
    }

    /// What it has written to standard error, after it has ended.
    func standardError() async -> String { await self.errors.all() }

    /// Sends a signal and waits for the end.
    ///
    /// - Parameter signal: `SIGKILL` leaves it no time for anything.
    /// - Returns: The exit code, or 128 and the number of the signal.
    @discardableResult
    func end(by signal: Int32) async -> Int32 {
        Glibc.kill(self.processID, signal)
        _ = await self.errors.all()  // its end closes the pipe, and waiting for that holds no thread of the tests
        return self.ending.withLock { ending in
            if let ending { return ending }
            let code = Self.wait(self.processID)
            ending = code
            return code
        }
    }

    private static func wait(_ processID: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }

    /// The program stands beside the tests' own.
    private static var path: String {
        get throws {
            var buffer = [CChar](repeating: 0, count: 4096)
            let length = readlink("/proc/self/exe", &buffer, buffer.count)
            for base in [
                CommandLine.arguments[0],
                length > 0 ? String(decoding: buffer[..<length].map(UInt8.init), as: UTF8.self) : "",
            ] {
                guard let slash = base.lastIndex(of: "/") else { continue }
                let path = base[..<slash] + "/process-tracker"
                if access(String(path), X_OK) == 0 { return String(path) }
            }
            throw Failure(description: "process-tracker is not built beside the tests")
        }
    }

    private static func spawn(
        _ arguments: [String], _ environment: [String: String]
    ) throws -> (pid_t, OutputReader, OutputReader) {
        let path = try self.path
        var outputPipe: [Int32] = [0, 0]
        var errorPipe: [Int32] = [0, 0]
        // Sockets rather than pipes: made close-on-exec in one step, so that no other test's child can hold them open.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &outputPipe) == 0, socketpair(AF_UNIX, kind, 0, &errorPipe) == 0 else {
            throw Failure(description: "no sockets: errno \(errno)")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, outputPipe[1], 1)
        posix_spawn_file_actions_adddup2(&actions, errorPipe[1], 2)
        // A child started from a test's thread would inherit its blocked signals and never see SIGTERM.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let argumentPointers = ([path] + arguments).map { strdup($0) } + [nil]
        let environmentPointers = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        var processID = pid_t()
        let failure = posix_spawn(&processID, path, &actions, &attributes, argumentPointers, environmentPointers)
        close(outputPipe[1])
        close(errorPipe[1])
        guard failure == 0 else { throw Failure(description: "can't start \(path): errno \(failure)") }
        return (processID, OutputReader(outputPipe[0]), OutputReader(errorPipe[0]))
    }
}

/// Reads all that comes through a pipe on a thread of its own, so that the writer never waits.
final class OutputReader: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isAtEnd = false
        var lineWaiters: [CheckedContinuation<String?, Never>] = []
        var endWaiters: [CheckedContinuation<String, Never>] = []

        var text: String { String(decoding: self.bytes, as: UTF8.self) }
        var firstLine: String? {
            self.bytes.firstIndex(of: UInt8(ascii: "\n")).map { String(decoding: self.bytes[..<$0], as: UTF8.self) }
        }
    }

    private let state = Mutex(State())

    init(_ descriptor: Int32) {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Work(reader: self, descriptor: descriptor)).toOpaque()
        pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
                work.reader.read(work.descriptor)
                return nil
            }, box)
        pthread_detach(thread)
    }

    /// The first line, or `nil` where the writer closed without one.
    func firstLine() async -> String? {
        await withCheckedContinuation { continuation in
            self.state.withLock { state in
                if let line = state.firstLine {
                    continuation.resume(returning: line)
                } else if state.isAtEnd {
                    continuation.resume(returning: nil)
                } else {
                    state.lineWaiters.append(continuation)
                }
            }
        }
    }

    /// Everything, once the writer has closed.
    func all() async -> String {
        await withCheckedContinuation { continuation in
            self.state.withLock { state in
                if state.isAtEnd {
                    continuation.resume(returning: state.text)
                } else {
                    state.endWaiters.append(continuation)
                }
            }
        }
    }

    private func read(_ descriptor: Int32) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            self.state.withLock { state in
                if count > 0 { state.bytes.append(contentsOf: buffer[..<count]) } else { state.isAtEnd = true }
                if state.firstLine != nil || state.isAtEnd {
                    for waiter in state.lineWaiters { waiter.resume(returning: state.firstLine) }
                    state.lineWaiters.removeAll()
                }
                if state.isAtEnd {
                    for waiter in state.endWaiters { waiter.resume(returning: state.text) }
                    state.endWaiters.removeAll()
                }
            }
            if count <= 0 { break }
        }
        close(descriptor)
    }

    private final class Work {
        let reader: OutputReader
        let descriptor: Int32

        init(reader: OutputReader, descriptor: Int32) {
            self.reader = reader
            self.descriptor = descriptor
        }
    }
}
