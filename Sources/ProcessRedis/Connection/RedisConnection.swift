internal import EventLoop
internal import ProcessCore

/// One connection to Redis on one event loop: commands are pipelined on it, and replies are matched to them in order.
///
/// It connects by itself, again and again with a growing pause, until it is closed. While it is down, a call waits a
/// short while for it to come back and then fails. What was on its way when it broke is sent again only where that can't
/// do harm: where it only reads, or where no byte of its end ever left this process.
///
/// `@unchecked Sendable`: everything that changes is touched on `loop` only; ``submit(_:_:)`` and the other entrances
/// go there first.
final class RedisConnection: @unchecked Sendable {
    /// Hears what came of a batch: the replies to all of its commands, or that there are none. Called once, on the loop.
    typealias Handler = @Sendable (Result<RedisReply, ProcessRepositoryError>) -> Void

    /// What may be done with commands whose replies got lost.
    enum Effect: Sendable {
        /// They only read: repeating them is harmless.
        case reads
        /// They change something.
        case writes
    }

    let loop: EventLoop
    private let configuration: RedisConfiguration
    private let clock: RedisClock
    private let timeout: UInt64
    private let grace: UInt64

    private enum State {
        case idle
        /// Looking up the name, connecting, or waiting for the answers to the first commands.
        case connecting
        case ready
        /// Waiting before the next attempt.
        case pausing
        case closed
    }

    private var state = State.idle
    private var socket: RedisSocket?
    private var parser = RedisReplyParser()
    private var inFlight = RedisBatchQueue()
    /// What came while there was no connection.
    private var waiting: [RedisBatch] = []
    /// How many replies of the first batch in flight have come.
    private var replyCount = 0

    /// Whether no more is sent, so that the connection can be made anew once all replies that are due have come.
    private var isRenewing = false

    private var failedAttempts = 0
    /// Why the connection is down.
    private var lastFailure = ProcessRepositoryError(.unavailable, "Redis is not connected")
    /// Until when calls may wait for the connection to come back.
    private var graceEnd = MonotonicInstant(nanoseconds: 0)
    private var attemptTimer: EventRegistration?
    private var pauseTimer: EventRegistration?
    private var waitTimer: EventRegistration?
    private var replyTimer: EventRegistration?
    private var openHandler: (@Sendable (ProcessRepositoryError?) -> Void)?
    private var drainHandler: (@Sendable () -> Void)?

    /// How many batches may wait.
    private static let waitingLimit = 10_000

    init(loop: EventLoop, configuration: RedisConfiguration, clock: RedisClock) {
        self.loop = loop
        self.configuration = configuration
        self.clock = clock
        self.timeout = UInt64(max(configuration.socketTimeout.milliseconds, 1)) * 1_000_000
        self.grace = UInt64(max(configuration.reconnectionGrace.milliseconds, 0)) * 1_000_000
    }

    // MARK: Entrances, from any thread

    /// Connects for the first time.
    ///
    /// - Throws: Why that failed; it is not tried again then.
    func open() async throws(ProcessRepositoryError) {
        let failure = await withCheckedContinuation {
            (continuation: CheckedContinuation<ProcessRepositoryError?, Never>) in
            self.loop.runOrEnqueue {
                self.openHandler = { continuation.resume(returning: $0) }
                self.connect()
            }
        }
        if let failure { throw failure }
    }

    /// Sends commands as one batch.
    ///
    /// - Parameters:
    ///   - commands: At least one command.
    ///   - effect: What may be done where the replies get lost.
    ///   - handler: Hears what came of it, on the loop.
    func submit(_ commands: RedisCommands, _ effect: Effect, _ handler: @escaping Handler) {
        let batch = RedisBatch(commands: commands, effect: effect, handler: handler)
        if self.loop.isCurrent {
            self.take(batch)
        } else {
            self.loop.execute { self.take(batch) }
        }
    }

    /// Connects anew, to wherever the name leads now, once the replies that are due have come; nothing is lost by it.
    func renew() {
        self.loop.execute {
            guard self.state == .ready, !self.isRenewing, self.drainHandler == nil else { return }
            self.isRenewing = true
            self.graceEnd = .now + self.timeout + self.grace
            self.reconnectIfIdle()
        }
    }

    /// Waits for the replies that are due, and closes the connection for good.
    func close() async {
        await withCheckedContinuation { continuation in
            self.loop.runOrEnqueue {
                let previous = self.drainHandler
                self.drainHandler = {
                    previous?()
                    continuation.resume()
                }
                if self.state != .ready || self.inFlight.isEmpty { self.shutDown() }
            }
        }
    }

    // MARK: On the loop

    private func take(_ batch: RedisBatch) {
        guard self.state != .closed, self.drainHandler == nil else {
            batch.handler(.failure(ProcessRepositoryError(.unavailable, "the repository is closed")))
            return
        }
        if self.state == .ready, !self.isRenewing {
            self.send(batch)
        } else {
            self.wait(batch)
        }
    }

    private func send(_ batch: RedisBatch) {
        guard let socket = self.socket else { return }
        var batch = batch
        batch.deadline = MonotonicInstant.now + self.timeout
        socket.write(batch.commands.bytes)
        batch.end = socket.writtenCount
        self.inFlight.append(batch)
        if self.replyTimer == nil { self.startReplyTimer(at: batch.deadline) }
    }

    private func wait(_ batch: RedisBatch) {
        guard self.graceEnd > .now, self.waiting.count < Self.waitingLimit else {
            batch.handler(.failure(self.lastFailure))
            return
        }
        self.waiting.append(batch)
        if self.waitTimer == nil { self.startWaitTimer() }
    }

    private func startWaitTimer() {
        self.waitTimer?.cancel()
        self.waitTimer = self.loop.schedule(after: self.graceEnd - .now) {
            self.waitTimer = nil
            self.failWaiting()
        }
    }

    private func failWaiting() {
        let waiting = self.waiting
        self.waiting = []
        for batch in waiting { batch.handler(.failure(self.lastFailure)) }
    }

    /// One timer does for all batches: the first in line always has the earliest deadline, and it is looked at only when
    /// the timer fires.
    private func startReplyTimer(at deadline: MonotonicInstant) {
        self.replyTimer = self.loop.schedule(after: deadline - .now) {
            self.replyTimer = nil
            guard let first = self.inFlight.first else { return }
            if first.deadline > .now {
                self.startReplyTimer(at: first.deadline)
            } else {
                self.lose("no reply came within \(self.configuration.socketTimeout.text)", isTimeout: true)
            }
        }
    }

    // MARK: Connecting

    private func reconnectIfIdle() {
        guard self.isRenewing, self.inFlight.isEmpty, self.drainHandler == nil else { return }
        _ = self.disconnect()
        self.graceEnd = .now + self.grace
        if self.waitTimer != nil { self.startWaitTimer() }
        self.connect()
    }

    private func connect() {
        self.state = .connecting
        self.attemptTimer = self.loop.schedule(after: self.configuration.socketTimeout) {
            self.attemptTimer = nil
            self.lose("could not connect within \(self.configuration.socketTimeout.text)")
        }
        RedisAddress.find(self.configuration.endpoint) { result in
            self.loop.runOrEnqueue {
                guard self.state == .connecting, self.socket == nil else { return }
                switch result {
                case .success(let addresses): self.connect(to: addresses[...], after: "there is no address")
                case .failure(let failure): self.lose(failure.message)
                }
            }
        }
    }

    private func connect(to addresses: ArraySlice<RedisAddress>, after failure: String) {
        guard let address = addresses.first else {
            self.lose(failure)
            return
        }
        self.socket = RedisSocket(loop: self.loop, to: address) { event in
            switch event {
            case .connected: self.introduce()
            case .received(let bytes): self.receive(bytes)
            case .lost(let reason) where self.state == .connecting && self.inFlight.isEmpty:
                self.connect(to: addresses.dropFirst(), after: reason)
            case .lost(let reason): self.lose(reason)
            }
        }
    }

    private func introduce() {
        let introduction = RedisIntroduction(self.configuration)
        let sent = MonotonicInstant.now
        self.send(
            RedisBatch(commands: introduction.commands, effect: .writes, isIntroduction: true) { result in
                guard case .success(var reply) = result else { return }
                do throws(ProcessRepositoryError) {
                    let time = try introduction.time(in: &reply)
                    self.clock.take(sent: sent, received: .now, microseconds: time)
                } catch {
                    self.lose(error)
                    return
                }
                self.becomeReady()
            })
    }

    private func becomeReady() {
        self.state = .ready
        self.failedAttempts = 0
        self.attemptTimer?.cancel()
        self.attemptTimer = nil
        self.waitTimer?.cancel()
        self.waitTimer = nil
        self.openHandler.take()?(nil)
        let waiting = self.waiting
        self.waiting = []
        for batch in waiting { self.send(batch) }
    }

    // MARK: Replies

    private func receive(_ bytes: UnsafeRawBufferPointer) {
        guard self.parser.feed(bytes) else {
            self.lose("no memory for a reply")
            return
        }
        let socket = self.socket
        // A handler may end this connection; the replies behind are of no use then.
        while socket === self.socket {
            switch self.parser.next() {
            case .incomplete:
                if self.drainHandler != nil, self.inFlight.isEmpty { self.shutDown() }
                self.reconnectIfIdle()
                return
            case .malformed(let reason):
                self.lose("the server does not speak RESP: \(reason)")
                return
            case .reply: break
            }
            guard let first = self.inFlight.first else {
                self.lose("the server sent a reply to nothing")
                return
            }
            self.replyCount += 1
            guard self.replyCount == first.commands.replyCount else { continue }
            self.replyCount = 0
            self.inFlight.removeFirst()
            first.handler(.success(RedisReply(self.parser.parts)))
            if socket === self.socket { self.parser.parts.pointee.removeAll() }
        }
    }

    // MARK: Ends

    private func lose(_ reason: String, isTimeout: Bool = false) {
        let message = "Redis at \(self.configuration.endpoint) can't be reached: \(reason)"
        self.lose(ProcessRepositoryError(.unavailable, message), isTimeout: isTimeout)
    }

    private func lose(_ failure: ProcessRepositoryError, isTimeout: Bool = false) {
        guard self.state != .closed else { return }
        let wasReady = self.state == .ready
        self.lastFailure = failure
        let lost = self.disconnect()
        if self.drainHandler != nil {
            for batch in lost.batches { batch.fail(failure, sentCount: lost.sentCount) }
            self.shutDown()
            return
        }
        if let openHandler = self.openHandler.take() {
            self.state = .idle
            openHandler(failure)
            return
        }
        if wasReady, !isTimeout { self.graceEnd = .now + self.grace }
        self.state = .pausing
        self.pause()
        for var batch in lost.batches {
            let isHarmless = batch.effect == .reads || batch.end > lost.sentCount
            if isHarmless, !isTimeout, !batch.wasRepeated {
                batch.wasRepeated = true
                self.wait(batch)
            } else {
                batch.fail(failure, sentCount: lost.sentCount)
            }
        }
    }

    /// Gives up the socket and all that belongs to it.
    ///
    /// - Returns: What was in flight, and how many bytes the system has taken.
    private func disconnect() -> (batches: [RedisBatch], sentCount: Int) {
        let sentCount = self.socket?.sentCount ?? 0
        self.socket?.close()
        self.socket = nil
        self.isRenewing = false
        self.attemptTimer?.cancel()
        self.attemptTimer = nil
        self.replyTimer?.cancel()
        self.replyTimer = nil
        self.replyCount = 0
        self.parser = RedisReplyParser()
        return (self.inFlight.removeAll().filter { !$0.isIntroduction }, sentCount)
    }

    /// Waits before the next attempt, each time twice as long up to a second, and never exactly as long as others do.
    private func pause() {
        let longest = min(20 << min(self.failedAttempts, 10), 1000)
        self.failedAttempts += 1
        let pause = Duration.milliseconds(Int.random(in: (longest / 2)...longest))
        self.pauseTimer = self.loop.schedule(after: pause) {
            self.pauseTimer = nil
            self.connect()
        }
    }

    private func shutDown() {
        _ = self.disconnect()
        self.state = .closed
        self.lastFailure = ProcessRepositoryError(.unavailable, "the repository is closed")
        for timer in [self.pauseTimer, self.waitTimer] { timer?.cancel() }
        self.failWaiting()
        self.openHandler.take()?(self.lastFailure)
        self.drainHandler.take()?()
    }
}
