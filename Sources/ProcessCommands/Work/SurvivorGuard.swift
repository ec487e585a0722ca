internal import Glibc

/// Sees to it that no handler outlives its worker.
///
/// A worker that is ended by SIGKILL can't end its handlers any more, and somebody else would do the same work beside them
/// once the lease has passed. So a second, tiny process keeps the list of handlers that run; when the worker is gone, which
/// it notices by the end of the socket between them, it ends their process groups. The system's own means
/// (`PR_SET_PDEATHSIG`) would reach the handler, and nothing that the handler has started.
struct SurvivorGuard: Sendable {
    /// The word that makes this program the guard.
    static let word = "--guard-handlers"

    private let socket: Int32

    /// Starts a guard.
    ///
    /// - Parameter command: What runs ``serve(_:)`` on its standard input.
    /// - Throws: `SpawnError` where it can't be started.
    init(starting command: [[UInt8]]) throws(SpawnError) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw SpawnError(errorNumber: errno) }
        defer { close(ends[1]) }
        let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { if nothing >= 0 { close(nothing) } }
        self.socket = ends[0]
        do throws(SpawnError) {
            // A group of its own: what a key on the terminal sends to the worker is not meant for the guard. And other
            // streams than the worker's: nobody who reads these shall have to wait for the guard.
            _ = try ChildProcess(
                starting: ChildProcess.Plan(
                    command: command, input: ends[1], output: nothing, error: nothing, ownGroup: true))
        } catch {
            close(ends[0])
            throw error
        }
    }

    /// This program as its own guard; nil where it can't be found on the disk any more.
    static var ownCommand: [[UInt8]]? {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &path, path.count)
        guard length > 0 else { return nil }
        return [path[..<length].map { UInt8(bitPattern: $0) }, [UInt8](Self.word.utf8)]
    }

    /// Ends this handler's process group if the worker is gone.
    func watch(_ child: ChildProcess) { self.tell(child.number) }

    /// Forgets a handler, before its number can become somebody else's.
    func release(_ child: ChildProcess) { self.tell(-child.number) }

    /// A guard that is gone, or does not listen, is no reason to stop working.
    private func tell(_ number: pid_t) {
        var message = number
        send(
            self.socket, &message, MemoryLayout<pid_t>.size, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        )
    }

    /// Does not listen to signals any more: whoever stops a service by its control group signals the guard as well, whose
    /// time is not yet come.
    static func ignoreSignals() {
        for number in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] { signal(number, SIG_IGN) }
    }

    /// Is the guard: waits until the worker is gone, and ends what it left behind.
    ///
    /// - Parameter descriptor: The socket to the worker.
    static func serve(_ descriptor: Int32) {
        var groups: Set<pid_t> = []
        var message: pid_t = 0
        while true {
            let count = recv(descriptor, &message, MemoryLayout<pid_t>.size, 0)
            if count < 0 && errno == EINTR { continue }
            guard count == MemoryLayout<pid_t>.size else { break }
            if message > 1 { groups.insert(message) } else { groups.remove(-message) }
        }
        for group in groups { kill(-group, SIGKILL) }
    }
}
