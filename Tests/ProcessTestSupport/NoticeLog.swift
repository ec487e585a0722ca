public import ProcessCore
import Synchronization

/// What an instance was told of changes, for a test that waits to be told.
public final class NoticeLog: Sendable {
    private struct State {
        var notices: [ChangeNotice] = []
        var waiters: [(isWanted: @Sendable (ChangeNotice) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// Listens to a repository from now on.
    public init(_ repository: any ProcessRepository) {
        repository.listen { [weak self] notice in self?.take(notice) }
    }

    /// All notices so far.
    public var notices: [ChangeNotice] { self.state.withLock { $0.notices } }

    /// Forgets the notices so far.
    public func clear() { self.state.withLock { $0.notices = [] } }

    /// Waits for a notice, which may have come already.
    public func wait(_ isWanted: @escaping @Sendable (ChangeNotice) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isThere = self.state.withLock { state in
                if state.notices.contains(where: isWanted) { return true }
                state.waiters.append((isWanted, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    private func take(_ notice: ChangeNotice) {
        let satisfied = self.state.withLock { state in
            state.notices.append(notice)
            let satisfied = state.waiters.filter { $0.isWanted(notice) }.map(\.continuation)
            state.waiters.removeAll { $0.isWanted(notice) }
            return satisfied
        }
        for continuation in satisfied { continuation.resume() }
    }
}
