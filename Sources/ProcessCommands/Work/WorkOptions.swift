internal import ProcessCore

/// What `work` was asked for.
struct WorkOptions: Sendable {
    /// How many handlers one worker runs at most.
    static let largestConcurrency = 256
    /// How many processes one claim asks for at most: all their inputs come in one answer.
    static let largestClaim = 16

    /// The handler's words.
    var command: [[UInt8]]
    /// The queues to take work from.
    var queues: [String]
    /// How many handlers run at the same time.
    var concurrency: Int
    /// The longest silence before the tracker gives a process to somebody else, where the process has no lease of its own.
    var lease: Duration
    /// Who works; nil for this machine and this program's number.
    var worker: String?
    /// How long handlers may go on once the worker was told to stop; nil for as long as they take.
    var grace: Duration?
    /// Whether the lines on finished processes are JSON.
    var isJSON: Bool
    /// Whether there are no such lines.
    var isQuiet: Bool

    /// Reads the words of a call.
    init(_ arguments: ParsedArguments) throws(CommandError) {
        self.command = arguments.trailing
        self.queues = []
        for name in arguments.list("--queue") {
            let queue = try requireIdentifier(name, "--queue")
            if !self.queues.contains(queue) { self.queues.append(queue) }
        }
        guard !self.queues.isEmpty else {
            throw .usage("work needs to know where to take work from: --queue NAME; usage: \(arguments.command.usage)")
        }
        self.concurrency = try arguments.integer("--concurrency", in: 1...Self.largestConcurrency) ?? 1
        self.lease = try arguments.duration("--lease") ?? .seconds(60)
        self.worker = arguments.value("--worker")
        if let worker = self.worker, !IdentifierShape.matches(worker, allowsSlash: true) {
            throw .usage("--worker must be 1 to 128 letters, digits or any of . _ : ~ - /, not \(shown(worker))")
        }
        self.grace = try arguments.duration("--grace", zeroAllowed: true)
        self.isJSON = arguments.has("--json")
        self.isQuiet = arguments.has("--quiet")
    }
}

/// How long `work` waits for what; a test waits less.
struct WorkTiming: Sendable {
    /// How long the tracker is to hold a claim that finds no work, in whole seconds.
    var claimWait: Duration = .seconds(20)
    /// The shortest time between two claims of which the first found nothing: something in between may not let the tracker
    /// hold an answer.
    var emptyClaimPause: Duration = .seconds(1)
    /// The shortest time between two reports of progress.
    var progressInterval: Duration = .seconds(1)
    /// The longest time between two heartbeats, so that a cancel request is seen soon however long the lease is.
    var longestHeartbeatInterval: Duration = .seconds(5)
    /// The time between SIGTERM and SIGKILL.
    var killDelay: Duration = .seconds(10)
    /// The first wait before something is tried again that the tracker did not answer; each one after that is twice as long.
    var retryDelay: Duration = .milliseconds(250)
    /// The longest such wait.
    var longestRetryDelay: Duration = .seconds(5)
    /// How long the last report is tried again once somebody told the worker twice to stop.
    var hurriedReportLimit: Duration = .seconds(2)
    /// How often it is looked whether a handler that was ended left anything behind.
    var groupCheckInterval: Duration = .milliseconds(50)
    /// How long output is waited for that comes from something a handler left behind.
    var linger: Duration = .seconds(1)

    /// How often a process with this lease shows that it is alive.
    func heartbeatInterval(lease: Duration) -> Duration { min(lease / 3, self.longestHeartbeatInterval) }

    /// How long to wait before something is tried again: twice as long each time, and never the same for two workers, which
    /// would all come back in the same moment.
    func retryDelay(afterFailures count: Int) -> Duration {
        let delay = min(self.retryDelay * (1 << min(max(count - 1, 0), 16)), self.longestRetryDelay)
        return delay * Double.random(in: 0.5...1)
    }

    /// A wait before something is tried again that is of use only for so long: half of what is left at the most, so that the
    /// tries come closer together at the end, and the last one comes just after it.
    func cut(_ delay: Duration, to left: Duration) -> Duration {
        left > .zero ? min(delay, max(left / 2, self.retryDelay)) : delay
    }
}
