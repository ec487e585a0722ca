internal import Glibc

/// A signal that arrived.
struct ReceivedSignal: Equatable, Sendable {
    /// Its number.
    var number: Int32
    /// Whether the terminal sent it (a key, or a hang-up), and so to all of the foreground's group, the command included.
    var isFromTerminal = false
}

extension ReceivedSignal {
    /// A signal as the system tells of it.
    ///
    /// - Parameters:
    ///   - number: Its number.
    ///   - code: How it was sent. A process's signal has a code of 0 or less; above that is the kernel, here for the terminal.
    ///   - isSessionLeader: Whether this program leads its session, as under `xterm -e` and `ssh -t`: a terminal that hangs up
    ///     tells the leader alone, and leaves it to that to tell the others.
    init(number: Int32, code: Int32, isSessionLeader: Bool) {
        self.init(number: number, isFromTerminal: code > 0 && !(number == SIGHUP && isSessionLeader))
    }
}

/// How this program stands to signals, found out and set up before there is any other thread.
///
/// A thread of its own takes them in turn (`sigwaitinfo`), because it alone says who sent a signal: what a key sent has
/// reached the command already, if that shares the terminal, and must not reach it twice.
public struct SignalSource: Sendable {
    /// Signals that this program passes on.
    static let passedOn: [Int32] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2]

    /// Those that were ignored when the program started, as by `nohup`, and stay so for the command.
    let ignored: Set<Int32>
    /// Whether the command shares our process group, as it must to read from the terminal.
    let sharesGroup: Bool
    /// Whether keys on the terminal are not meant for this program, as it was started in the background by a shell without
    /// job control.
    let isInBackground: Bool
    private let isBlocked: Bool

    /// What a test has: no signals, and a group of the command's own.
    init() {
        self.ignored = []
        self.sharesGroup = false
        self.isInBackground = false
        self.isBlocked = false
    }

    private init(ignored: Set<Int32>, sharesGroup: Bool, isInBackground: Bool) {
        self.ignored = ignored
        self.sharesGroup = sharesGroup
        self.isInBackground = isInBackground
        self.isBlocked = true
    }

    /// Blocks the signals for the calling thread and all that it starts. To be called first of all, once.
    public static func blocking() -> SignalSource {
        // A shell without job control starts what goes to the background with these two ignored, to keep keys away from
        // it. A group of its own does the same for the command, and leaves it open to those who signal us by number.
        let isInBackground = Self.isIgnored(SIGINT)
        let ignored = [SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE].filter(Self.isIgnored)
        let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        if terminal >= 0 { close(terminal) }

        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in Self.passedOn where !ignored.contains(signal) { sigaddset(&signals, signal) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        return SignalSource(
            ignored: Set(ignored), sharesGroup: terminal >= 0 && !isInBackground, isInBackground: isInBackground)
    }

    /// Hands each signal over from now on, in turn. Those that arrived before are not lost.
    func start(_ receive: @escaping @Sendable (ReceivedSignal) -> Void) throws(CommandError) {
        guard self.isBlocked else { return }
        let ignored = self.ignored
        try BlockingThread.start {
            var signals = sigset_t()
            sigemptyset(&signals)
            for signal in Self.passedOn where !ignored.contains(signal) { sigaddset(&signals, signal) }
            while true {
                var information = siginfo_t()
                let number = sigwaitinfo(&signals, &information)
                guard number > 0 else { continue }
                receive(
                    ReceivedSignal(
                        number: number, code: information.si_code, isSessionLeader: getsid(0) == getpid()))
            }
        }
    }

    /// Has the first signal end this program, save for keys on the terminal that are not meant for it.
    ///
    /// - Parameter tidyUp: Is called before, on a thread of its own.
    /// - Throws: `CommandError` where there is no such thread.
    func endProgram(after tidyUp: @escaping @Sendable () -> Void) throws(CommandError) {
        let isInBackground = self.isInBackground
        try self.start { signal in
            if isInBackground, signal.number == SIGINT || signal.number == SIGQUIT { return }
            tidyUp()
            Self.end(by: signal.number)
        }
    }

    /// Ends this program by a signal, such as the one that ended the command, so that whoever waits for it sees the truth: a
    /// shell stops a loop on Ctrl-C only where the command died of it.
    ///
    /// Where the system does not let it, as for the first process of a container, it exits with a shell's code for that.
    ///
    /// - Parameter number: The signal.
    static func end(by number: Int32) -> Never {
        // The command has left its core, if any; ours would overwrite it.
        var noCore = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noCore)
        signal(number, SIG_DFL)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, number)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        // To this thread alone: sent to the program, the thread that takes signals would take it.
        Glibc.raise(number)
        exit(128 + number)
    }

    private static func isIgnored(_ signal: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(signal, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
