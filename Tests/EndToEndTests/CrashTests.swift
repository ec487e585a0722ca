import Glibc
import ProcessTestSupport
import Synchronization
import Testing

extension BuiltProgram {
    /// What was acknowledged outlives a crash, and nothing is half-written.
    @Suite struct CrashTests {
        @Test("SQLite: after SIGKILL under load everything acknowledged is there, and nothing is half-written")
        func sqlite() async throws {
            try await TemporaryDirectory.with { folder in
                let path = "\(folder)/processes.db"
                let load = CrashLoad()
                for (round, kill) in [1, 40, 300, 1200].enumerated() {
                    let program = try await TrackerProgram(sqlite: path)
                    await load.run(on: program.address, round: round, event: (kill, { program.signal(SIGKILL) }))
                    #expect(await program.ending().code == 128 + SIGKILL)
                    let check = try await TrackerProgram.run(["check", path])
                    #expect(check.code == 0, "after the kill: \(check)")

                    let again = try await TrackerProgram(sqlite: path)
                    try await load.verify(again.client)
                    try await load.repeatUnanswered(again.client)
                    try await load.verify(again.client)
                    #expect(await again.end(by: SIGTERM) == 0)
                    let second = try await TrackerProgram.run(["check", path])
                    #expect(second.code == 0, "after the stop: \(second)")
                }
            }
        }

        @Test(
            "Redis: after SIGKILL of the service under load everything acknowledged is there, and nothing is half-written"
        )
        func redis() async throws {
            try await RedisServer.with { server in
                let load = CrashLoad()
                for (round, kill) in [1, 40, 300, 1200].enumerated() {
                    let program = try await TrackerProgram(redis: server)
                    await load.run(on: program.address, round: round, event: (kill, { program.signal(SIGKILL) }))
                    #expect(await program.ending().code == 128 + SIGKILL)

                    let again = try await TrackerProgram(redis: server)
                    try await load.verify(again.client)
                    try await load.repeatUnanswered(again.client)
                    try await load.verify(again.client)
                    try RedisSurvey(server).expectWhole()
                    #expect(await again.end(by: SIGTERM) == 0)
                }
            }
        }

        @Test("Redis: after SIGKILL of a persistent redis-server under load everything acknowledged is there")
        func redisServer() async throws {
            var options = RedisServer.Options()
            options.isPersistent = true
            try await RedisServer.with(options) { server in
                let load = CrashLoad()
                let program = try await TrackerProgram(redis: server, ["REDIS_SOCKET_TIMEOUT": "2s"])
                for (round, kill) in [50, 600].enumerated() {
                    let failure = Mutex<String?>(nil)
                    let crash: @Sendable () -> Void = {
                        server.kill()
                        do { try server.start() } catch { failure.withLock { $0 = "\(error)" } }
                    }
                    await load.run(on: program.address, round: round, limit: 2 * kill, event: (kill, crash))
                    #expect(failure.withLock { $0 } == nil)
                    try await load.verify(program.client)
                    try await load.repeatUnanswered(program.client)
                    try await load.verify(program.client)
                    try RedisSurvey(server).expectWhole()
                }
                #expect(await program.end(by: SIGTERM) == 0)
            }
        }
    }
}
