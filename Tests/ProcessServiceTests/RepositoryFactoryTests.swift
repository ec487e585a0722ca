import EventLoop
import ProcessCore
import ProcessStorage
import ProcessTestSupport
import Testing

@testable import ProcessSQLite

@Suite("ProcessRepositoryFactory", .timeLimit(.minutes(3)))
struct RepositoryFactoryTests {
    @Test("a Redis server that is still reading its data is waited for, and no fallback is opened")
    func loading() async throws {
        var options = RedisServer.Options()
        // Each key takes 50 ms, so it would read for a minute.
        options.arguments = [
            "--key-load-delay", "50000", "--loading-process-events-interval-bytes", "1024", "--rdbcompression", "no",
        ]
        try await RedisServer.with(options) { server in
            try server.run("EVAL", "for i = 1, 1200 do redis.call('SET', i, string.rep('x', 1024)) end", "0")
            try server.run("SAVE")
            server.kill()
            try server.start(untilSaid: "Server initialized")

            let (clock, log) = (ManualClock(), LogCapture())
            let loops = try await EventLoopGroup(count: 1)
            let factory = ProcessRepositoryFactory(loops: loops, now: clock.read, logger: log.logger())
            async let opening = factory.open(.redis(server.configuration, fallback: .memory))
            while log.entries.isEmpty { await Task.yield() }
            try server.run("CONFIG", "SET", "key-load-delay", "0")
            let opened = try await opening
            #expect(opened.kind == "redis" && opened.fallbackReason == nil)
            #expect(log.entries.map(\.message) == ["Redis is reading its data: waiting for it"])
            await opened.repository.close()
            await loops.shutdown()
        }
    }

    @Test("a record of an SQLite file that can't be read is in the log, once, with what is wrong with it")
    func unreadable() async throws {
        try await TemporaryDirectory.with { folder in
            let (path, clock, log) = ("\(folder)/processes.db", ManualClock(), LogCapture())
            let loops = try await EventLoopGroup(count: 1)
            let factory = ProcessRepositoryFactory(loops: loops, now: clock.read, logger: log.logger())
            let store = try await factory.open(.sqlite(SQLiteConfiguration(path: path))).repository
            try await store.keep(.started("a"), .started("b"))
            try SQLiteConnection(path: path, mode: .readWrite, busyTimeout: .seconds(5))
                .execute("UPDATE processes SET metadata = 'x' WHERE id = 'a'")

            for _ in 0..<2 {
                guard case .corrupt = try await store.find("a") else {
                    Issue.record("it should be corrupt")
                    return
                }
                #expect(try await store.page(ProcessQuery()).records.map(\.id) == ["b"])
            }
            await store.close()
            await loops.shutdown()
            let lines = log.entries.filter { $0.level == .warning }
            #expect(lines.map(\.message) == ["A process can't be read, and is passed over"])
            #expect(lines.first.map { "\($0.metadata)".contains("metadata") } == true, "\(lines)")
        }
    }
}
