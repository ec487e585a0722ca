/// How much a log line matters.
public enum LogLevel: String, CaseIterable, Comparable, Sendable {
    /// Every step; for hunting a bug in this program.
    case trace
    /// What a developer wants to know while looking at one part.
    case debug
    /// What happens in the life of the service: started, stopped, cleaned up.
    case info
    /// Something is not as it should be, and the service goes on.
    case warning
    /// Something failed, and someone should look.
    case error

    /// Whether one level matters less than another.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .warning: 3
        case .error: 4
        }
    }
}
