internal import EventLoop
internal import ProcessCore

/// A connection of its own that hears what is published on one channel.
///
/// It connects by itself, again and again with a growing pause, until it is closed. A server that says nothing, not even to
/// a question, is taken for lost. What could not be heard is gone, so after each connect somebody has to read everything
/// again.
///
/// `@unchecked Sendable`: everything that changes is touched on `loop` only; ``open()`` and ``close()`` go there first.
final class RedisSubscriber: @unchecked Sendable {
    /// What is heard.
    enum Event {
        /// The channel is heard from now on; what was published before may have been missed.
        case subscribed
        /// A message; valid only inside the call.
        case message(UnsafeRawBufferPointer)
        /// The channel is not heard; the text says why.
        case silent(String)
    }

    private let loop: EventLoop
    private let configuration: RedisConfiguration
    private let channel: String
    private let handler: @Sendable (Event) -> Void

    private var socket: RedisSocket?
    private var parser = RedisReplyParser()
    private var failedAttempts = 0
    private var isSubscribed = false
    private var isClosed = false
    /// Whether anything came in since the last question.
    private var isAlive = false
    private var timer: EventRegistration?

    /// Takes what it works with.
    ///
    /// - Parameters:
    ///   - loop: The loop it lives on.
    ///   - configuration: Which server.
    ///   - channel: The channel.
    ///   - handler: Hears what happens, on the loop.
    init(
        loop: EventLoop, configuration: RedisConfiguration, channel: String,
        handler: @escaping @Sendable (Event) -> Void
    ) {
        self.loop = loop
        self.configuration = configuration
        self.channel = channel
        self.handler = handler
    }

    /// Begins to connect.
    func open() {
        self.loop.runOrEnqueue { self.connect() }
    }

    /// Closes the connection for good; nothing is heard after that.
    func close() async {
        await withCheckedContinuation { continuation in
            self.loop.runOrEnqueue {
                self.isClosed = true
                self.disconnect()
                continuation.resume()
            }
        }
    }

    private func connect() {
        guard !self.isClosed else { return }
        self.wait(self.configuration.socketTimeout) { self.lose("could not connect in time") }
        RedisAddress.find(self.configuration.endpoint) { result in
            self.loop.runOrEnqueue {
                guard !self.isClosed, self.socket == nil, self.timer != nil else { return }
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
        var isConnected = false
        self.socket = RedisSocket(loop: self.loop, to: address) { event in
            switch event {
            case .connected:
                isConnected = true
                self.subscribe()
            case .received(let bytes): self.receive(bytes)
            case .lost(let reason) where !isConnected: self.connect(to: addresses.dropFirst(), after: reason)
            case .lost(let reason): self.lose(reason)
            }
        }
    }

    /// Messages are for all databases, so none is selected.
    private func subscribe() {
        var commands = RedisCommands()
        if let password = self.configuration.password {
            let user = self.configuration.username.map { [$0] } ?? []
            commands.append("AUTH", user + [password.exposed])
        }
        commands.append("SUBSCRIBE", [self.channel])
        self.socket?.write(commands.bytes)
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) {
        self.isAlive = true
        guard self.parser.feed(bytes) else {
            self.lose("no memory for a message")
            return
        }
        let socket = self.socket
        while socket === self.socket, !self.isClosed {
            switch self.parser.next() {
            case .incomplete: return
            case .malformed(let reason): self.lose("the server does not speak RESP: \(reason)")
            case .reply:
                self.take(RedisReply(self.parser.parts))
                // A message that ends the connection takes the parser with it.
                if socket === self.socket { self.parser.parts.pointee.removeAll() }
            }
        }
    }

    private func take(_ reply: RedisReply) {
        var reply = reply
        if let error = reply.error {
            self.lose(error)
            return
        }
        // What is no array is the answer to AUTH, and what is an array of something else the one to a question.
        guard let count = try? reply.array(), count == 3, let word = try? reply.string() else { return }
        switch word {
        case "subscribe":
            self.failedAttempts = 0
            self.isSubscribed = true
            self.handler(.subscribed)
            self.watch()
        case "message":
            reply.skip()
            _ = try? reply.optionalBytes { self.handler(.message($0)) }
        default: break
        }
    }

    /// Asks now and then whether the server is still there: a connection that nobody writes to is never known to be lost.
    private func watch() {
        self.isAlive = false
        self.wait(self.configuration.socketTimeout) {
            guard self.isAlive else {
                self.lose("no answer came in time")
                return
            }
            self.watch()
        }
        self.socket?.write(RedisCommands("PING").bytes)
    }

    private func lose(_ reason: String) {
        guard !self.isClosed else { return }
        self.disconnect()
        self.handler(.silent(reason))
        let longest = min(20 << min(self.failedAttempts, 10), 1000)
        self.failedAttempts += 1
        self.wait(.milliseconds(Int.random(in: (longest / 2)...longest))) { self.connect() }
    }

    private func disconnect() {
        self.isSubscribed = false
        self.socket?.close()
        self.socket = nil
        self.timer?.cancel()
        self.timer = nil
        self.parser = RedisReplyParser()
    }

    /// Sets the one timer.
    private func wait(_ duration: Duration, _ body: @escaping @Sendable () -> Void) {
        self.timer?.cancel()
        self.timer = self.loop.schedule(after: duration) {
            self.timer = nil
            body()
        }
    }
}
