internal import EventLoop
internal import ProcessCore
internal import Synchronization

/// The connections to one server, one for each event loop.
final class RedisClient: Sendable {
    let configuration: RedisConfiguration
    private let connections: [RedisConnection]
    private let turn = Atomic<Int>(0)
    private let whenRenewed = Mutex<(@Sendable () -> Void)?>(nil)
    /// Whether the server refuses every write.
    let writeRefusal = RedisWriteRefusal()

    init(_ configuration: RedisConfiguration, loops: EventLoopGroup, clock: RedisClock) {
        self.configuration = configuration
        self.connections = loops.loops.prefix(max(configuration.maxConnections, 1)).map { loop in
            RedisConnection(loop: loop, configuration: configuration, clock: clock)
        }
    }

    /// Connects all of them for the first time.
    func open() async throws(ProcessRepositoryError) {
        for connection in self.connections { try await connection.open() }
    }

    /// Waits for the replies that are due, then closes them.
    func close() async {
        for connection in self.connections { await connection.close() }
    }

    /// The connection of the loop that this code runs on, or else one after the other.
    var connection: RedisConnection {
        if let loop = EventLoop.current, let own = self.connections.first(where: { $0.loop === loop }) { return own }
        let (turn, _) = self.turn.wrappingAdd(1, ordering: .relaxed)
        return self.connections[Int(UInt(bitPattern: turn) % UInt(self.connections.count))]
    }

    /// Sends commands in one go, and reads the replies to all of them.
    ///
    /// - Parameters:
    ///   - commands: The commands.
    ///   - effect: Whether they change anything.
    ///   - subject: What they are for, as errors call it.
    ///   - read: Takes from the replies what is wanted; runs on the connection's loop.
    /// - Returns: What `read` took.
    /// - Throws: What Redis refused, or why it did not answer.
    func send<Answer: Sendable>(
        _ commands: RedisCommands, _ effect: RedisConnection.Effect, for subject: StaticString,
        _ read: @escaping @Sendable (inout RedisReply) throws(RedisReply.Surprise) -> Answer
    ) async throws(ProcessRepositoryError) -> Answer {
        let connection = self.connection
        let result = await withUnsafeContinuation {
            (continuation: UnsafeContinuation<Result<Answer, ProcessRepositoryError>, Never>) in
            connection.submit(commands, effect) { result in
                switch result {
                case .success(var reply):
                    do throws(RedisReply.Surprise) {
                        continuation.resume(returning: .success(try read(&reply)))
                    } catch {
                        if effect == .writes, case .error(let text) = error { self.noteRefusal(text) }
                        continuation.resume(returning: .failure(ProcessRepositoryError(error, doing: "\(subject)")))
                    }
                case .failure(let failure):
                    continuation.resume(returning: .failure(failure))
                }
            }
        }
        return try result.get()
    }

    /// Remembers what a write was refused with, and connects anew where that may lead to a server that takes writes.
    func noteRefusal(_ text: String) {
        guard self.writeRefusal.note(text) else { return }
        for connection in self.connections { connection.renew() }
        self.whenRenewed.withLock { $0 }?()
    }

    /// Sets what is done, too, where all connections are made anew.
    func renew(also body: @escaping @Sendable () -> Void) { self.whenRenewed.withLock { $0 = body } }
}
