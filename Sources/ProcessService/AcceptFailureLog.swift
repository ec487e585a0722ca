internal import Glibc
internal import ProcessCore

/// Says in the log that connections can't be taken, at the most once a minute, however many loops find that out how often.
final class AcceptFailureLog: Sendable {
    private let logger: Logger
    private let pace: LogPace

    /// Takes where the lines go, and the time that the pauses are counted by.
    init(_ logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.logger = logger
        self.pace = LogPace(now: now)
    }

    /// Takes note of a failure.
    ///
    /// - Parameter errorNumber: What the system said.
    func note(_ errorNumber: Int32) {
        guard self.pace.isDue() else { return }
        var metadata: LogMetadata = ["error": "\(String(cString: strerror(errorNumber)))"]
        if errorNumber == EMFILE {
            var limit = rlimit()
            if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
                metadata.merge(["limit": "\(limit.rlim_cur)"])
            }
            metadata.merge(["advice": "raise ulimit -n, or LimitNOFILE in the systemd unit"])
        }
        self.logger.warning("No more connections are accepted for now: new clients wait", metadata)
    }
}
