import EventLoop
import Glibc
import ProcessCore
public import ProcessRedis
import Synchronization

/// A `redis-server` of a test's own: on a Unix socket in a temporary folder, without a disk, gone after the test.
///
/// A machine without `redis-server` fails the test; nothing is skipped.
public final class RedisServer: Sendable {
    /// How a server differs from the plain one.
    public struct Options: Sendable {
        /// Whether it also listens on a port of the loopback interface, chosen by the system.
        public var listensOnTCP = false
        /// What the default user has to say.
        public var password: String?
        /// Whether it writes each change to its append-only file before answering, so that a restart finds it again.
        public var isPersistent = false
        /// More of the command line.
        public var arguments: [String] = []

        /// The plain server.
        public init() {}
    }

    /// Why there is no server.
    public struct Failure: Error, CustomStringConvertible {
        /// In words.
        public let description: String
    }

    private let folder: String
    private let options: Options
    /// The port it listens on; `nil` without TCP.
    public let port: UInt16?
    private let child = Mutex<(process: pid_t, output: Int32)?>(nil)

    private init(folder: String, options: Options) throws {
        self.folder = folder
        self.options = options
        self.port = options.listensOnTCP ? try LoopbackListener().port : nil
    }

    /// Runs a body with a server, and stops that server however the body ends.
    ///
    /// - Parameters:
    ///   - options: How it differs from the plain one.
    ///   - body: Gets the server, which is ready.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or why there is no server.
    public static func with<Answer>(
        _ options: Options = Options(), _ body: (RedisServer) async throws -> Answer
    ) async throws -> Answer {
        try await TemporaryDirectory.with { folder in
            let server = try self.started(in: folder, options)
            defer { server.kill() }
            return try await body(server)
        }
    }

    /// A port that was free may be taken by somebody else before the server has it: another one then.
    private static func started(in folder: String, _ options: Options) throws -> RedisServer {
        for _ in 0..<(options.listensOnTCP ? 9 : 0) {
            let server = try RedisServer(folder: folder, options: options)
            do {
                try server.start()
                return server
            } catch {
                server.kill()
            }
        }
        let server = try RedisServer(folder: folder, options: options)
        do {
            try server.start()
        } catch {
            server.kill()
            throw error
        }
        return server
    }

    /// The path of its Unix socket.
    public var socketPath: String { "\(self.folder)/redis.sock" }

    /// How to reach it through its Unix socket.
    public var configuration: RedisConfiguration {
        // Many tests start servers at once: a reply that is late is no failure of theirs.
        RedisConfiguration(
            endpoint: .unixSocket(path: self.socketPath), password: self.options.password.map { Secret($0) },
            socketTimeout: .seconds(30))
    }

    /// How to reach it through TCP.
    public var tcpConfiguration: RedisConfiguration {
        var configuration = self.configuration
        configuration.endpoint = .tcp(host: "127.0.0.1", port: self.port ?? 0)
        return configuration
    }

    /// Starts it, and returns when it is ready. After a ``kill()`` it has what it persisted.
    ///
    /// - Parameter words: What it must have said before this returns, where that is something else.
    /// - Throws: Why it does not start.
    public func start(untilSaid words: String = "eady to accept connections") throws {
        var arguments = [
            "redis-server", "--port", String(self.port ?? 0), "--bind", "127.0.0.1", "--unixsocket", self.socketPath,
            "--dir", self.folder, "--save", "", "--appendonly", self.options.isPersistent ? "yes" : "no",
            "--appendfsync", "always",
        ]
        if let password = self.options.password { arguments += ["--requirepass", password] }
        arguments += self.options.arguments
        let child = try Self.spawn(arguments)
        self.child.withLock { $0 = child }
        try Self.wait(for: words, from: child.output)
    }

    /// Ends it at once, as a crash would, and waits for its end.
    ///
    /// A child of a test inherits a blocked `SIGTERM`, so nothing gentler is sure to arrive.
    public func kill() {
        self.child.withLock { child in
            guard let (process, output) = child else { return }
            Glibc.kill(process, SIGKILL)
            waitpid(process, nil, 0)
            close(output)
            child = nil
        }
    }

    /// Stops it from doing anything: connections stay, and nothing is answered until ``resume()``.
    public func suspend() {
        self.child.withLock { child in
            guard let child else { return }
            Glibc.kill(child.process, SIGSTOP)
            // Sent is not stopped: only when the system says so nothing more is answered.
            var status: Int32 = 0
            waitpid(child.process, &status, WUNTRACED)
        }
    }

    /// Lets it go on.
    public func resume() {
        self.child.withLock { child in
            if let child { Glibc.kill(child.process, SIGCONT) }
        }
    }

    /// Runs a body with repositories on this server, each with an event loop of its own, and closes them however the body
    /// ends.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - time: The time they go by.
    ///   - configure: Changes how they reach the server.
    ///   - body: Gets the repositories.
    /// - Throws: What the body throws, or why there is no repository.
    package func withRepositories(
        _ count: Int = 1, time: RedisTimeSource = .server, configure: (inout RedisConfiguration) -> Void = { _ in },
        _ body: ([RedisProcessRepository]) async throws -> Void
    ) async throws {
        var configuration = self.configuration
        configure(&configuration)
        let loops = try await EventLoopGroup(count: count)
        var repositories: [RedisProcessRepository] = []
        let result: Result<Void, any Error>
        do {
            for _ in 0..<count {
                repositories.append(
                    try await RedisProcessRepository.open(configuration, loops: loops, time: time))
            }
            result = .success(try await body(repositories))
        } catch {
            result = .failure(error)
        }
        for repository in repositories { await repository.close() }
        await loops.shutdown()
        try result.get()
    }

    /// Opens a connection of the test's own.
    ///
    /// - Throws: Why there is none.
    public func connect() throws -> RedisTestClient {
        let client = try RedisTestClient(socketPath: self.socketPath)
        if let password = self.options.password { try client.run("AUTH", password) }
        return client
    }

    /// Runs one command on a connection of its own.
    ///
    /// - Parameter arguments: The command and its arguments.
    /// - Returns: The reply.
    /// - Throws: Why there is none, or the error it is.
    @discardableResult
    public func run(_ arguments: String...) throws -> RedisTestClient.Reply {
        try self.connect().run(arguments)
    }

    private static func spawn(_ arguments: [String]) throws -> (process: pid_t, output: Int32) {
        var ends: [Int32] = [0, 0]
        // Not a pipe: only a socket is closed in other children without a moment in which it is not.
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw Failure(description: "no socket") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process: pid_t = 0
        let result = posix_spawnp(&process, arguments[0], &actions, nil, &pointers, environ)
        close(ends[1])
        guard result == 0 else {
            close(ends[0])
            throw Failure(description: "redis-server can't be started: \(String(cString: strerror(result)))")
        }
        return (process, ends[0])
    }

    /// Reads what it says until it has said something.
    private static func wait(for words: String, from output: Int32) throws {
        var said: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(output, &buffer, buffer.count)
            guard count > 0 else {
                throw Failure(description: "redis-server ended: \(String(decoding: said, as: UTF8.self))")
            }
            said += buffer[..<count]
            if String(decoding: said, as: UTF8.self).contains(words) { return }
        }
    }
}
