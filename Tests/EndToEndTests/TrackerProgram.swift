import Glibc
import HTTPTransport
import ProcessTestSupport

/// The built program, serving: started for one test, on a free port, and gone when the test ends.
final class TrackerProgram: Sendable {
    /// Where it serves, such as `http://127.0.0.1:40123`.
    let url: String
    let address: HostPort
    /// A client of its own, for requests one after the other.
    let client: TrackerConnection
    private let child: ChildProgram

    var processID: pid_t { self.child.processID }
    /// What it says to standard error: its log.
    var log: OutputReader { self.child.errors }

    /// Starts the program and waits for its ready line.
    ///
    /// - Parameters:
    ///   - environment: What it is configured by; nothing else of this program's environment reaches it.
    ///   - prefix: Words in front of the program's, which run it in some other way.
    /// - Throws: `ChildProgram.Failure` with what it said, where it ended before it was ready.
    init(_ environment: [String: String], prefix: [String] = []) async throws {
        let child = try ChildProgram(prefix + [try Self.path, "serve"], Self.complete(environment))
        self.child = child
        guard let line = await child.output.line() else {
            let ending = await child.ending()
            throw ChildProgram.Failure(
                description: "ended with \(ending.code) before it was ready: \(ending.standardError)")
        }
        guard let range = line.firstRange(of: "http://") else {
            throw ChildProgram.Failure(description: "no ready line: \(line)")
        }
        let authority = line[range.upperBound...].prefix { $0 != " " }
        guard let address = HostPort(String(authority)) else {
            throw ChildProgram.Failure(description: "no address in the ready line: \(line)")
        }
        self.url = "http://\(authority)"
        self.address = address
        self.client = TrackerConnection(to: address)
    }

    /// The program keeping processes in an SQLite file.
    convenience init(sqlite path: String, _ more: [String: String] = [:]) async throws {
        let environment = ["TRACKER_REPOSITORY": "sqlite", "TRACKER_SQLITE_PATH": path]
        try await self.init(environment.merging(more) { $1 })
    }

    /// The program keeping processes in a Redis of the test's own.
    convenience init(redis server: RedisServer, _ more: [String: String] = [:]) async throws {
        try await self.init(Self.environment(server).merging(more) { $1 })
    }

    /// What configures the program for a Redis of the test's own; without a fallback, so that an outage shows.
    static func environment(_ server: RedisServer) -> [String: String] {
        [
            "TRACKER_REPOSITORY": "redis", "REDIS_URL": "unix://\(server.socketPath)?db=0",
            "TRACKER_FALLBACK": "none",
        ]
    }

    /// Runs the program to its end, for commands that end by themselves.
    static func run(
        _ arguments: [String], _ environment: [String: String] = [:], prefix: [String] = []
    ) async throws -> ChildProgram.Ending {
        try await self.start(arguments, environment, prefix: prefix).ending()
    }

    /// Starts the program with other words than `serve`.
    static func start(
        _ arguments: [String], _ environment: [String: String] = [:], prefix: [String] = []
    ) throws -> ChildProgram {
        try ChildProgram(prefix + [try self.path] + arguments, self.complete(environment))
    }

    /// Sends a signal and waits for the end.
    ///
    /// - Parameter signal: `SIGKILL` leaves it no time for anything.
    /// - Returns: The exit code, or 128 and the number of the signal.
    @discardableResult
    func end(by signal: Int32) async -> Int32 {
        self.child.signal(signal)
        return await self.child.ending().code
    }

    /// Sends a signal, and waits for nothing.
    func signal(_ number: Int32) { self.child.signal(number) }

    /// Waits for the end.
    func ending() async -> ChildProgram.Ending { await self.child.ending() }

    /// The program stands beside the tests' own.
    static var path: String {
        get throws {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let length = buffer.withUnsafeMutableBytes {
                readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
            }
            let own = String(decoding: buffer.prefix(max(length, 0)), as: UTF8.self)
            for base in [CommandLine.arguments[0], own] {
                guard let slash = base.lastIndex(of: "/") else { continue }
                let path = base[..<slash] + "/process-tracker"
                if access(String(path), X_OK) == 0 { return String(path) }
            }
            throw ChildProgram.Failure(description: "process-tracker is not built beside the tests")
        }
    }

    private static func complete(_ environment: [String: String]) -> [String: String] {
        var environment = environment
        if environment["TRACKER_LISTEN"] == nil { environment["TRACKER_LISTEN"] = "127.0.0.1:0" }
        if let path = getenv("PATH") { environment["PATH"] = String(cString: path) }
        return environment
    }
}
