internal import EventLoop
public import ProcessCore
internal import Synchronization

extension RedisProcessRepository {
    /// See ``ProcessRepository/listen(_:)``.
    ///
    /// Every instance hears of every change through a channel, its own changes included. While the channel can't be heard,
    /// ``health()`` says `degraded`; changes are noticed by slow timers then.
    public func listen(_ listener: @escaping @Sendable (ChangeNotice) -> Void) {
        self.notices.listeners.add(listener)
        self.client.renew { [notices] in notices.renew() }
        self.notices.hear { [client, keys] take in
            RedisSubscriber(
                loop: client.connection.loop, configuration: client.configuration, channel: keys.events, handler: take)
        }
    }

    /// See ``ProcessRepository/needNotices(_:)``.
    ///
    /// While notices are not needed, this instance is not subscribed: a change costs Redis a message for each instance that
    /// is, and that instance the reading of it.
    public func needNotices(_ areNeeded: Bool) { self.notices.need(areNeeded) }
}

/// What is heard on the channel of changes, and who is told.
final class RedisNotices: Sendable {
    typealias Handler = @Sendable (RedisSubscriber.Event) -> Void

    let listeners = ChangeListeners()

    private struct State {
        /// Makes a subscriber; `nil` while nobody listens.
        var subscribe: (@Sendable (@escaping Handler) -> RedisSubscriber)?
        var areNeeded = true
        var isClosed = false
        var subscriber: RedisSubscriber?
        /// Which subscriber counts: one that is being closed may still say something.
        var generation = 0
        var silence: String?

        mutating func takeSubscriber() -> RedisSubscriber? {
            self.generation += 1
            self.silence = nil
            return self.subscriber.take()
        }
    }

    private let state = Mutex(State())

    /// Why nothing is heard right now; `nil` where something is, or where nobody needs it.
    var silence: String? { self.state.withLock { $0.silence } }

    /// Begins to hear the channel, if nobody has begun before.
    ///
    /// - Parameter subscribe: Makes a subscriber to the channel, which tells the handler what it hears.
    func hear(_ subscribe: @escaping @Sendable (@escaping Handler) -> RedisSubscriber) {
        self.update { state in
            if state.subscribe == nil { state.subscribe = subscribe }
        }
    }

    /// Subscribes, or ends the subscription.
    func need(_ areNeeded: Bool) {
        self.update { $0.areNeeded = areNeeded }
    }

    /// Subscribes anew, to wherever the server's name leads now.
    func renew() {
        let ended = self.state.withLock { $0.takeSubscriber() }
        self.update { _ in }
        if let ended { Task { await ended.close() } }
    }

    private func update(_ change: (inout State) -> Void) {
        let (begun, ended) = self.state.withLock { state -> (RedisSubscriber?, RedisSubscriber?) in
            change(&state)
            guard let subscribe = state.subscribe, state.areNeeded, !state.isClosed else {
                return (nil, state.takeSubscriber())
            }
            guard state.subscriber == nil else { return (nil, nil) }
            let generation = state.generation
            let subscriber = subscribe { [weak self] in self?.take($0, generation) }
            state.subscriber = subscriber
            return (subscriber, nil)
        }
        begun?.open()
        if let ended { Task { await ended.close() } }
    }

    /// Hears nothing any more.
    func close() async {
        let subscriber = self.state.withLock { state in
            state.isClosed = true
            return state.takeSubscriber()
        }
        await subscriber?.close()
    }

    private func take(_ event: RedisSubscriber.Event, _ generation: Int) {
        switch event {
        case .subscribed:
            if self.setSilence(nil, generation) { self.listeners.tell(.missed) }
        case .message(let bytes):
            guard let notice = ChangeNotice(redisMessage: bytes) else { return }
            self.listeners.tell(notice)
        case .silent(let reason):
            self.setSilence(reason, generation)
        }
    }

    /// - Returns: Whether that subscriber still counts.
    @discardableResult
    private func setSilence(_ reason: String?, _ generation: Int) -> Bool {
        self.state.withLock { state in
            guard state.generation == generation else { return false }
            state.silence = reason
            return true
        }
    }
}

extension ChangeNotice {
    /// Reads a message: `id revision status`, and a queue where the process is due there; `id index appended` for output.
    ///
    /// The answer is nil for what is no such message; anybody may publish there.
    init?(redisMessage bytes: UnsafeRawBufferPointer) {
        let words = bytes.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard 3...4 ~= words.count, let id = ProcessID(String(decoding: words[0], as: UTF8.self)),
            let revision = Int64(decimal: UnsafeRawBufferPointer(rebasing: words[1]))
        else { return nil }
        let word = String(decoding: words[2], as: UTF8.self)
        if let status = ProcessStatus(rawValue: word) {
            let queue = words.count == 4 ? String(decoding: words[3], as: UTF8.self) : nil
            self = .changed(id, revision: revision, status: status, dueQueue: queue)
        } else if word == "removed" {
            self = .removed(id)
        } else if word == "appended" {
            self = .appended(id, last: revision)
        } else {
            return nil
        }
    }
}
