import EventLoop
import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessRedis

/// Runs a body with a server and a repository on it, the time being the server's.
func withRepository(
    _ options: RedisServer.Options = RedisServer.Options(),
    configure: (inout RedisConfiguration) -> Void = { _ in },
    _ body: (RedisProcessRepository, RedisServer) async throws -> Void
) async throws {
    try await RedisServer.with(options) { server async throws in
        try await server.withRepositories(configure: configure) { try await body($0[0], server) }
    }
}

/// Runs a body with event loops, and ends them however the body ends.
func withLoops(_ count: Int = 1, _ body: (EventLoopGroup) async throws -> Void) async throws {
    let loops = try await EventLoopGroup(count: count)
    do {
        try await body(loops)
    } catch {
        await loops.shutdown()
        throw error
    }
    await loops.shutdown()
}

/// Asks again and again, giving way to others in between, until something holds.
func until(_ holds: () async throws -> Bool) async rethrows {
    while !(try await holds()) { await Task.yield() }
}

/// A process that has just been started, by a server-made id.
func startedRecord(_ kind: String = "report", at now: Timestamp, queue: String? = nil) -> ProcessRecord {
    var start = ProcessStart(kind: kind)
    start.queue = queue
    return ProcessRecord(starting: start, as: .uuidV7(at: now), at: now)
}
