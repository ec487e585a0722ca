public import EventLoop
public import ProcessCore
internal import Synchronization

/// Keeps processes in a Redis server, for many instances at once; all of them share what is there.
///
/// An acknowledged change survives a crash of this service; whether it survives one of the server is up to how the server
/// persists. Each event loop has one connection of its own, on which the calls made on that loop are pipelined: such a
/// call changes no thread. Calls made elsewhere take one of the connections in turn.
///
/// A lost connection comes back by itself. Calls made meanwhile wait for half a second at the most and then throw
/// `unavailable`; those on their way throw `outcomeUnknown` if they change something and had been sent to their end.
///
/// Needs Redis 6.2 or later. docs/decisions/0009-redis-layout.md describes the keys.
public final class RedisProcessRepository: ProcessRepository {
    let client: RedisClient
    let keys: RedisKeys
    let clock: RedisClock
    let policy = RedisMemoryPolicy()
    let notices = RedisNotices()
    let copies = RecentCopies()
    /// The digests of the scripts, as the server computed them, in the order of the cases.
    private let digests: [String]
    private let clockTimer = Mutex(ClockTimer.idle)

    private init(client: RedisClient, keys: RedisKeys, clock: RedisClock, digests: [String]) {
        self.client = client
        self.keys = keys
        self.clock = clock
        self.digests = digests
    }

    /// Connects to a server, and makes sure that everything the service will do there is possible and permitted.
    ///
    /// - Parameters:
    ///   - configuration: Which server, and how to behave there.
    ///   - loops: The loops to have connections on; they must live until ``close()`` has returned.
    /// - Returns: The repository, whose time is the server's.
    /// - Throws: `unavailable` where the server can't be reached in time, is not ready yet or takes no writes, as a replica;
    ///   `refused`, naming what is wrong, where it can be reached and trying again would not help: a wrong password or
    ///   database number, a missing right, one of our keys in use for something else.
    public static func open(
        _ configuration: RedisConfiguration, loops: EventLoopGroup
    ) async throws(ProcessRepositoryError) -> RedisProcessRepository {
        try await self.open(configuration, loops: loops, time: .server)
    }

    /// Connects to a server, with the time of a test in place of the server's where one is given.
    package static func open(
        _ configuration: RedisConfiguration, loops: EventLoopGroup, time: RedisTimeSource
    ) async throws(ProcessRepositoryError) -> RedisProcessRepository {
        let clock = RedisClock(time)
        let client = RedisClient(configuration, loops: loops, clock: clock)
        do throws(ProcessRepositoryError) {
            try await client.open()
            let keys = RedisKeys(prefix: configuration.keyPrefix, database: configuration.database)
            try await RedisProbe(client: client, keys: keys).run()
            let repository = RedisProcessRepository(
                client: client, keys: keys, clock: clock, digests: try await Self.loadScripts(client))
            repository.refreshClock()
            return repository
        } catch {
            await client.close()
            throw error
        }
    }

    /// The server's time, as known from its last `TIME`, a second ago at the most.
    public func now() -> Timestamp { self.clock.now() }

    /// Waits for the replies that are due, then closes every connection.
    public func close() async {
        self.clockTimer.withLock { timer in
            if case .running(let registration) = timer { registration.cancel() }
            timer = .closed
        }
        await self.notices.close()
        await self.client.close()
    }

    // MARK: Scripts

    private static func loadScripts(_ client: RedisClient) async throws(ProcessRepositoryError) -> [String] {
        var commands = RedisCommands(capacity: 32 << 10)
        for script in RedisScript.allCases { commands.append("SCRIPT", ["LOAD", script.source]) }
        return try await client.send(commands, .reads, for: "SCRIPT LOAD") {
            (reply) throws(RedisReply.Surprise) -> [String] in
            var digests: [String] = []
            for _ in RedisScript.allCases { digests.append(try reply.string()) }
            return digests
        }
    }

    /// Runs a script, which the server knows by its digest, or is told again where it has forgotten it.
    ///
    /// - Parameters:
    ///   - script: Which one.
    ///   - effect: Whether it changes anything.
    ///   - arguments: Adds the script's own arguments, from the third on.
    ///   - read: Takes from the reply what is wanted; runs on the connection's loop.
    /// - Returns: What `read` took.
    /// - Throws: What Redis refused, or why it did not answer.
    func run<Answer: Sendable>(
        _ script: RedisScript, _ effect: RedisConnection.Effect = .writes,
        _ arguments: (inout RedisCommands) -> Void,
        _ read: @escaping @Sendable (inout RedisReply) throws(RedisReply.Surprise) -> Answer
    ) async throws(ProcessRepositoryError) -> Answer {
        let commands = self.call("EVALSHA", self.digests[script.rawValue], arguments)
        let answer = try await self.client.send(commands, effect, for: script.subject) {
            (reply) throws(RedisReply.Surprise) -> Answer? in
            reply.isError("NOSCRIPT") ? nil : try read(&reply)
        }
        if let answer { return answer }
        // Nothing has run. Sent whole, it can't be unknown, whoever empties the server's memory of scripts meanwhile.
        return try await self.client.send(
            self.call("EVAL", script.source, arguments), effect, for: script.subject, read)
    }

    private func call(
        _ name: StaticString, _ script: String, _ arguments: (inout RedisCommands) -> Void
    ) -> RedisCommands {
        var commands = RedisCommands()
        commands.begin(name)
        commands.add(script)
        commands.add(1)
        commands.add(self.keys.ids)
        commands.add(self.keys.prefix)
        commands.add(self.clock.scriptArgument)
        arguments(&commands)
        commands.end()
        return commands
    }

    // MARK: Time

    private enum ClockTimer {
        case idle
        case running(EventRegistration)
        case closed
    }

    /// Asks the server for its time each second, until the repository is closed.
    private func refreshClock() {
        guard case .server = self.clock.source else { return }
        let connection = self.client.connection
        self.clockTimer.withLock { timer in
            if case .closed = timer { return }
            timer = .running(
                connection.loop.schedule(after: .seconds(1)) { [weak self] in
                    guard let self else { return }
                    let clock = self.clock
                    let sent = MonotonicInstant.now
                    connection.submit(RedisCommands("TIME"), .reads) { result in
                        // A failure is an outage that everybody else hears of; the clock goes on as it was.
                        guard case .success(var reply) = result, let time = try? reply.time() else { return }
                        clock.take(sent: sent, received: .now, microseconds: time)
                    }
                    self.refreshClock()
                })
        }
    }
}
