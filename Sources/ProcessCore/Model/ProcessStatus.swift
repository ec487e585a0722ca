/// Where a process is in its life: `pending` → `running` → one of three end states.
public enum ProcessStatus: String, CaseIterable, Hashable, Sendable {
    /// Waits in a queue for a worker.
    case pending
    /// Somebody works on it.
    case running
    /// Ended with a result.
    case completed
    /// Ended with an error.
    case failed
    /// Ended because somebody asked for it.
    case cancelled

    /// Whether this is an end state, which no report changes any more.
    public var isFinished: Bool {
        switch self {
        case .pending, .running: false
        case .completed, .failed, .cancelled: true
        }
    }

    /// The three end states.
    public static let finished: Set<ProcessStatus> = [.completed, .failed, .cancelled]
}
