internal import ProcessCore
internal import Synchronization

/// Whether the server refuses every write right now, as far as a write has met that.
final class RedisWriteRefusal: Sendable {
    private struct State {
        var text: String?
        var renewedAt: MonotonicInstant?
    }

    private let state = Mutex(State())

    /// The server's words; `nil` where no write was refused since one was seen to work.
    var current: String? { self.state.withLock { $0.text } }

    /// Remembers an error, if it is one that every write gets.
    ///
    /// - Returns: Whether to connect anew: the server became a replica, and its name may lead to a new master by now. Says so
    ///   once a second.
    func note(_ text: String) -> Bool {
        guard Self.isOfEveryWrite(text) else { return false }
        return self.state.withLock { state in
            state.text = text
            guard Self.isOfReplica(text) else { return false }
            let now = MonotonicInstant.now
            if let renewedAt = state.renewedAt, now - renewedAt < .seconds(1) { return false }
            state.renewedAt = now
            return true
        }
    }

    /// Forgets it: writing works.
    func clear() { self.state.withLock { $0.text = nil } }

    /// Whether the server is a replica, which takes no write until it is made a master.
    static func isOfReplica(_ text: String) -> Bool { ProcessRepositoryError.word(ofRedis: text) == "READONLY" }

    private static func isOfEveryWrite(_ text: String) -> Bool {
        ["READONLY", "NOREPLICAS", "MISCONF", "OOM"].contains(ProcessRepositoryError.word(ofRedis: text))
    }
}
