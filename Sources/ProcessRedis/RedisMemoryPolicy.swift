internal import ProcessCore
internal import Synchronization

/// What the server does when its memory is full, as far as it says so; asked for now and then.
final class RedisMemoryPolicy: Sendable {
    private struct State {
        var name: String?
        var askedAt: MonotonicInstant?
    }

    private let state = Mutex(State())

    /// The policy's name; `nil` where it is not known.
    var name: String? { self.state.withLock { $0.name } }

    /// Whether it is time to ask again; says so to one caller only.
    func isDue() -> Bool {
        self.state.withLock { state in
            let now = MonotonicInstant.now
            if let askedAt = state.askedAt, now - askedAt < .seconds(30) { return false }
            state.askedAt = now
            return true
        }
    }

    /// Takes the text that `INFO memory` answered; `nil` where the server would not say.
    func take(_ information: String?) {
        let key = "maxmemory_policy:"
        let line = information?.split(whereSeparator: \.isNewline).first { $0.hasPrefix(key) }
        self.state.withLock { $0.name = line.map { String($0.dropFirst(key.count)) } }
    }
}
