import Glibc
import ProcessTestSupport
import Testing

extension BuiltProgram {
    /// A proof, not a feeling: whatever is killed, no promise is broken.
    ///
    /// `make chaos` runs the long form, and `CHAOS_SEED` repeats the choices of an earlier run.
    @Suite struct ChaosTests {
        @Test("two instances over one Redis keep every promise, whatever is killed")
        func redis() async throws {
            try await RedisServer.with { server in
                let instances = try await ChaosInstances(2) { more in
                    // Shorter than the pauses of Redis, so that what was given up on happens later all the same.
                    try await TrackerProgram(
                        redis: server, more.merging(["REDIS_SOCKET_TIMEOUT": "1s"].merging(Self.settings) { $1 }) { $1 }
                    )
                }
                try await Self.expectPromisesKept("redis", instances, server)
                try RedisSurvey(server).expectWhole()
            }
        }

        @Test("one instance over SQLite keeps every promise, whatever is killed")
        func sqlite() async throws {
            try await TemporaryDirectory.with { folder in
                let path = "\(folder)/processes.db"
                let instances = try await ChaosInstances(1) {
                    try await TrackerProgram(sqlite: path, $0.merging(Self.settings) { $1 })
                }
                try await Self.expectPromisesKept("sqlite", instances, nil)
                #expect(await instances.program(0).end(by: SIGTERM) == 0)
                let check = try await TrackerProgram.run(["check", path])
                #expect(check.code == 0, "\(check)")
            }
        }

        // An instance lives for a few seconds: with the usual grace no lease would ever end.
        private static let settings = [
            "TRACKER_STREAM_MAX_CHUNKS": "\(OutputPlan.keptChunks)", "TRACKER_LEASE_GRACE": "500ms",
        ]

        private static func expectPromisesKept(
            _ name: String, _ instances: ChaosInstances, _ server: RedisServer?
        ) async throws {
            let plan = ChaosPlan(seed: ChaosSettings.seed, count: ChaosSettings.count)
            print("chaos on \(name): \(plan.count) processes, seed \(plan.seed)")
            fflush(nil)
            try await TemporaryDirectory.with { folder in
                let run = ChaosRun(
                    plan: plan, instances: instances, handlers: try HandlerWorkers(in: folder, instances),
                    server: server, control: ChaosControl(budget: ChaosSettings.budget))
                try await run.run()
                ChaosReport(name, plan, run.history.operations).expectNoViolation(run.history)
            }
        }
    }
}
