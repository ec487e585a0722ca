import Glibc
import Synchronization

/// A program that a test started: what it says is read all the time, and it is gone when the test lets go of it.
final class ChildProgram: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// How it ended, and all that it said.
    struct Ending: Equatable {
        /// The exit code, or 128 and the number of the signal that ended it.
        let code: Int32
        let standardOutput: String
        let standardError: String
    }

    let processID: pid_t
    let output: OutputReader
    let errors: OutputReader
    private let code = Mutex<Int32?>(nil)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - words: Its path, or a name to look for, and its arguments.
    ///   - environment: All of its environment, but for what the thread sanitizer needs.
    /// - Throws: ``Failure``, where it can't be started.
    init(_ words: [String], _ environment: [String: String] = [:]) throws {
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
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
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

        let argumentPointers = words.map { strdup($0) } + [nil]
        let environmentPointers = environment.merging(Self.sanitizing) { $1 }.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        var processID = pid_t()
        let failure = posix_spawnp(
            &processID, words[0], &actions, &attributes, argumentPointers, environmentPointers)
        close(outputPipe[1])
        close(errorPipe[1])
        self.processID = processID
        self.output = OutputReader(outputPipe[0])
        self.errors = OutputReader(errorPipe[0])
        guard failure == 0 else {
            self.code.withLock { $0 = 127 }
            throw Failure(description: "can't start \(words[0]): \(String(cString: strerror(failure)))")
        }
        StartedPrograms.current?.add(words.joined(separator: " "), self.errors)
    }

    deinit {
        // A test that failed in the middle must leave nothing running.
        if self.code.withLock({ $0 == nil }) {
            Glibc.kill(self.processID, SIGKILL)
            _ = Self.wait(self.processID)
        }
    }

    /// Sends a signal, and waits for nothing.
    func signal(_ number: Int32) {
        // A number that was waited for may belong to somebody else by now.
        self.code.withLock { if $0 == nil { _ = Glibc.kill(self.processID, number) } }
    }

    /// Waits for its end.
    func ending() async -> Ending {
        // Its end closes the pipes, and waiting for that holds no thread of the tests.
        let (said, complained) = (await self.output.all(), await self.errors.all())
        return Ending(code: self.waitForEnd(), standardOutput: said, standardError: complained)
    }

    /// Waits for its end on this thread, whatever else holds its pipes open.
    ///
    /// - Returns: The exit code, or 128 and the number of the signal.
    func waitForEnd() -> Int32 {
        self.code.withLock { code in
            let known = code ?? Self.wait(self.processID)
            code = known
            return known
        }
    }

    /// What `make sanitize` has given to the tests, and is for the programs that they start, too.
    private static var sanitizing: [String: String] {
        var environment: [String: String] = [:]
        for name in ["LD_PRELOAD", "TSAN_OPTIONS"] {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        return environment
    }

    private static func wait(_ processID: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }
}
