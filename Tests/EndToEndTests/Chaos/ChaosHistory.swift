import Glibc
import Synchronization

/// Every request of a chaos run, as its callers write it down.
final class ChaosHistory: Sendable {
    private let state = Mutex<[ChaosOperation]>([])
    private let start = ContinuousClock.now

    /// The time since the run began.
    var now: Duration { ContinuousClock.now - self.start }

    var count: Int { self.state.withLock { $0.count } }

    /// All of it, in the order in which the requests were sent.
    var operations: [ChaosOperation] {
        self.state.withLock { $0 }.sorted { $0.begin < $1.begin }
    }

    func append(_ operation: ChaosOperation) {
        self.state.withLock { $0.append(operation) }
    }

    /// Writes all of it to a file, one request a line.
    ///
    /// - Returns: The file's path; `nil` where it can't be written.
    func write(to path: String) -> String? {
        guard let file = fopen(path, "w") else { return nil }
        for operation in self.operations { fputs("\(operation)\n", file) }
        return fclose(file) == 0 ? path : nil
    }
}
