import Synchronization

/// What has changed since somebody who follows all processes last asked.
///
/// Changes of one process between two questions are one. Whoever asks too seldom is told so, and nothing more: so a follower
/// that can't keep up costs a bounded amount of memory.
final class ChangeFeed: Sendable {
    /// How many processes may have changed between two questions.
    static let capacity = 10_000

    /// What has changed between two questions.
    struct Changes {
        /// The processes that changed or were removed, each once, in the order of their first change.
        var ids: [ProcessID] = []
        /// Others may have changed, too.
        var areIncomplete = false
        /// There were more than are remembered, and all are forgotten.
        var areTooMany = false
    }

    private struct State {
        var changes = Changes()
        var known: Set<ProcessID> = []
    }

    let signal = ChangeSignal()
    private let state = Mutex(State())

    /// Takes a notice.
    func add(_ notice: ChangeNotice) {
        let isNews = self.state.withLock { state in
            guard !state.changes.areTooMany else { return false }
            switch notice {
            case .missed:
                state.changes.areIncomplete = true
                return true
            case .appended:
                // Output is no part of the record.
                return false
            case .changed(let id, _, _, _), .removed(let id):
                guard state.known.insert(id).inserted else { return false }
                if state.known.count > Self.capacity {
                    state = State(changes: Changes(areTooMany: true))
                } else {
                    state.changes.ids.append(id)
                }
                return true
            }
        }
        if isNews { self.signal.set() }
    }

    /// Notes that changes which were taken could not be read, for the next time that something comes.
    func putBack() {
        self.state.withLock { $0.changes.areIncomplete = true }
    }

    /// What has changed since the last time.
    func take() -> Changes {
        self.state.withLock { state in
            defer { state = State() }
            return state.changes
        }
    }
}
