internal import Glibc

/// How a command ended.
enum ExitStatus: Equatable, Sendable {
    /// It returned this code.
    case exited(Int32)
    /// This signal ended it.
    case signalled(Int32)

    /// Reads what `waitpid` reports.
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        self = signal == 0 ? .exited(waitStatus >> 8 & 0xFF) : .signalled(signal)
    }
}

/// Why a command could not be started.
struct SpawnError: Error, Equatable, Sendable {
    /// The error number.
    let errorNumber: Int32

    /// The exit code that a shell would give: 127 where there is no such command, else 126.
    var exitCode: Int32 { self.errorNumber == ENOENT ? 127 : 126 }

    /// The code of the process's error.
    var code: String { self.errorNumber == ENOENT ? "not_found" : "not_executable" }

    /// Why.
    var reason: String {
        self.errorNumber == ENOENT
            ? "there is no such command, or the interpreter it names is missing"
            : String(cString: strerror(self.errorNumber))
    }
}

/// A command that was started, until its end has been taken note of.
///
/// `signal` and `reap` are for one task: once reaped, the number may belong to another process.
struct ChildProcess: Sendable {
    /// How a command is started.
    struct Plan: Sendable {
        /// Its words.
        var command: [[UInt8]]
        /// What is put into its environment; nil takes a name out.
        var environment: [(name: String, value: String?)] = []
        /// What its standard input, output and error are; nil for ours.
        var input: Int32?
        var output: Int32?
        var error: Int32?
        /// Whether it gets a process group of its own.
        var ownGroup: Bool
        /// Signals that shall stay ignored; all others do what they do by default.
        var ignoredSignals: Set<Int32> = []
    }

    /// Its number.
    let number: pid_t
    /// Whether it has a process group of its own.
    let hasOwnGroup: Bool

    /// Starts a command. It is looked for along `PATH`.
    ///
    /// - Parameter plan: What to start, and how.
    /// - Throws: `SpawnError` when it can't be.
    init(starting plan: Plan) throws(SpawnError) {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in Int32(1)...64 where !plan.ignoredSignals.contains(signal) { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (plan.ownGroup ? POSIX_SPAWN_SETPGROUP : 0)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input = plan.input { posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) }
        if let output = plan.output { posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) }
        if let error = plan.error { posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO) }

        var number: pid_t = 0
        let result = CStrings.with(plan.command) { words in
            CStrings.with(Self.environment(changedBy: plan.environment)) { environment in
                posix_spawnp(&number, words[0]!, &actions, &attributes, words, environment)
            }
        }
        guard result == 0 else { throw SpawnError(errorNumber: result) }
        self.number = number
        self.hasOwnGroup = plan.ownGroup
    }

    /// Sends it a signal; where it has a group of its own, to all of that group.
    func signal(_ signal: Int32) {
        kill(self.hasOwnGroup ? -self.number : self.number, signal)
    }

    /// Whether something of its own group is left after it was reaped. The system gives the number to nobody else as long
    /// as the group has a member.
    var isGroupLeft: Bool { self.hasOwnGroup && kill(-self.number, 0) == 0 }

    /// Waits for its end, and leaves it to be reaped. Blocks.
    func waitForEnd() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(self.number), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
    }

    /// Takes note of its end, which gives its number back to the system.
    func reap() -> ExitStatus {
        var status: Int32 = 0
        while waitpid(self.number, &status, 0) < 0 && errno == EINTR {}
        return ExitStatus(waitStatus: status)
    }

    private static func environment(changedBy changes: [(name: String, value: String?)]) -> [[UInt8]] {
        var entries = ProgramEnvironment.entries()
        for (name, value) in changes {
            let prefix = [UInt8]("\(name)=".utf8)
            entries.removeAll { $0.starts(with: prefix) }
            if let value { entries.append(prefix + [UInt8](value.utf8)) }
        }
        return entries
    }
}

/// Arrays of C strings, as `exec` takes them.
private enum CStrings {
    static func with<Answer>(
        _ strings: [[UInt8]], _ body: ([UnsafeMutablePointer<CChar>?]) -> Answer
    ) -> Answer {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { bytes in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
            for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
            copy[bytes.count] = 0
            return copy
        }
        pointers.append(nil)
        defer { for pointer in pointers { pointer?.deallocate() } }
        return body(pointers)
    }
}
