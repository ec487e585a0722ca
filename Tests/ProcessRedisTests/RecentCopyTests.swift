import ProcessCore
import ProcessTestSupport
import Synchronization
import Testing

@testable import ProcessRedis

@Suite("What an instance of Redis knew of a process", .timeLimit(.minutes(3)))
struct RecentCopyTests {
    /// Two instances, the first of which has started a process and so has a copy of it.
    private func withTwoManagers(
        _ body: (_ knowing: ProcessManager, _ other: ProcessManager, _ server: RedisServer) async throws -> Void
    ) async throws {
        try await RedisServer.with { server async throws in
            try await server.withRepositories(2) { repositories in
                let managers = repositories.map { ProcessManager(repository: $0) }
                var start = ProcessStart(kind: "report")
                start.id = "p"
                _ = try await managers[0].start(start)
                #expect(repositories[0].recentCopy(of: "p") != nil)
                try await body(managers[0], managers[1], server)
            }
        }
    }

    private static func progress(_ fraction: Double) -> ProcessChange {
        .progress(ProgressReport(numbers: .fraction(fraction)))
    }

    @Test("a report on a process that this instance started reads nothing")
    func reportsWithoutReading() async throws {
        try await self.withTwoManagers { manager, _, server in
            try server.run("CONFIG", "RESETSTAT")
            for step in 1...3 { try await manager.change("p", Self.progress(Double(step) / 4)) }
            try await manager.change("p", .complete(result: nil))
            let text = try server.run("INFO", "commandstats").text ?? ""
            #expect(text.contains("cmdstat_evalsha:calls=4,"))
            #expect(!text.contains("cmdstat_hgetall"))
        }
    }

    @Test("a process that was removed and started anew is not taken for the one that was known")
    func startedAnew() async throws {
        try await self.withTwoManagers { manager, other, server in
            try server.run("DEL", "process:p", "process_ids", "process_times", "process_status:running")
            while try await other.find(["p"]) != [.missing] { await Task.yield() }
            var start = ProcessStart(kind: "other")
            start.id = "p"
            let anew = try await other.start(start).record
            try await other.change("p", .retain(.forever))
            // At the revision of the copy, but surely not created in the same millisecond, whatever the instances' clocks say.
            let createdAt = "\(anew.createdAt.milliseconds + 3_600_000)"
            try server.run("HSET", "process:p", "revision", "1", "created_at", createdAt)
            let record = try await manager.change("p", Self.progress(0.5))
            #expect(record.kind == "other" && record.retain == .forever && record.revision == 2)
            #expect(try await other.find("p") == record)
        }
    }

    @Test("what the server has lost of a known process is told of, and what another instance did is no loss")
    func lostChanges() async throws {
        let losses = Mutex<[[Int64]]>([])
        let metrics = TrackerMetrics(version: "1")
        let observer = MetricsObserver(metrics) { known, found in
            losses.withLock { $0.append([known.revision, found.revision]) }
        }
        try await RedisServer.with { server async throws in
            try await server.withRepositories(2) { repositories in
                let manager = ProcessManager(repository: repositories[0], observer: observer)
                var start = ProcessStart(kind: "report")
                start.id = "p"
                _ = try await manager.start(start)
                try await ProcessManager(repository: repositories[1]).change("p", Self.progress(0.1))
                try await manager.change("p", Self.progress(0.2))
                #expect(losses.withLock { $0 } == [])

                try server.run("HSET", "process:p", "revision", "1")
                #expect(try await manager.change("p", Self.progress(0.3)).revision == 2)
                #expect(losses.withLock { $0 } == [[3, 1]])

                try server.run("HSET", "process:p", "updated_at", "1000")
                #expect(try await manager.change("p", Self.progress(0.4)).revision == 3)
                try await manager.change("p", Self.progress(0.5))
                #expect(losses.withLock { $0 } == [[3, 1], [2, 2]])
                let text = String(decoding: await metrics.registry.render(), as: UTF8.self)
                #expect(text.contains("\ntracker_lost_changes_total 2\n"))
            }
        }
    }
}
