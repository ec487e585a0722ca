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
        self.notices.open(self.client.connection.loop, self.client.configuration, channel: self.keys.events)
    }
}

/// What is heard on the channel of changes, and who is told.
final class RedisNotices: Sendable {
    let listeners = ChangeListeners()

    private struct State {
        var subscriber: RedisSubscriber?
        var isClosed = false
        var silence: String?
    }

    private let state = Mutex(State())

    /// Why nothing is heard right now; `nil` where something is, or where nobody listens.
    var silence: String? { self.state.withLock { $0.silence } }

    /// Begins to hear the channel, if nobody has begun before.
    func open(_ loop: EventLoop, _ configuration: RedisConfiguration, channel: String) {
        let subscriber = self.state.withLock { state -> RedisSubscriber? in
            guard state.subscriber == nil, !state.isClosed else { return nil }
            let subscriber = RedisSubscriber(loop: loop, configuration: configuration, channel: channel) {
                [weak self] in self?.take($0)
            }
            state.subscriber = subscriber
            return subscriber
        }
        subscriber?.open()
    }

    /// Hears nothing any more.
    func close() async {
        let subscriber = self.state.withLock { state in
            state.isClosed = true
            return state.subscriber.take()
        }
        await subscriber?.close()
    }

    private func take(_ event: RedisSubscriber.Event) {
        switch event {
        case .subscribed:
            self.state.withLock { $0.silence = nil }
            self.listeners.tell(.missed)
        case .message(let bytes):
            guard let notice = ChangeNotice(redisMessage: bytes) else { return }
            self.listeners.tell(notice)
        case .silent(let reason):
            self.state.withLock { $0.silence = reason }
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
