import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessRedis

@Suite("What an instance knew of a process", .timeLimit(.minutes(3)))
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

    @Test("a report goes on from what another instance made of the process")
    func mergesOtherChanges() async throws {
        try await self.withTwoManagers { manager, other, _ in
            try await other.change("p", .retain(.forever))
            try await other.change("p", .cancel(reason: "enough", force: false))
            let record = try await manager.change("p", Self.progress(0.5))
            #expect(record.retain == .forever && record.cancelReason == "enough" && record.revision == 4)
            #expect(try await manager.find("p") == record)
        }
    }

    @Test("nobody is refused by an old copy: what another instance made possible is done")
    func notRefusedByCopy() async throws {
        try await self.withTwoManagers { manager, other, _ in
            try await other.change("p", .cancel(reason: nil, force: false))
            let record = try await manager.change("p", .confirmCancelled)
            #expect(record.status == .cancelled)
        }
    }

    @Test("a report on what has ended through another instance is refused with the record as it is")
    func refusedByStore() async throws {
        try await self.withTwoManagers { manager, other, _ in
            let ended = try await other.change("p", .fail(ProcessFailure(code: "no"), mayRetry: false))
            let error = await #expect(throws: ProcessError.self) { try await manager.change("p", Self.progress(0.5)) }
            guard case .refused(.alreadyFinished, ended) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("a precondition is judged by the process as it is")
    func precondition() async throws {
        try await self.withTwoManagers { manager, other, _ in
            let current = try await other.change("p", Self.progress(0.25))
            let record = try await manager.change(
                "p", Self.progress(0.5), precondition: .revision(in: [current.revision]))
            #expect(record.revision == current.revision + 1)
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

    @Test("copies are kept of what runs and is small, the latest ones only")
    func bounds() {
        let copies = RecentCopies()
        let now = Timestamp(milliseconds: 1_000_000)
        var large = ProcessRecord.started("large", at: now)
        large.result = JSONText(
            unchecked: [UInt8](repeating: UInt8(ascii: "1"), count: RecentCopies.longestPayload + 1))
        copies.keep(large)
        #expect(copies["large"] == nil)

        var first = ProcessRecord.started("0", at: now)
        for number in 0..<RecentCopies.capacity { copies.keep(.started(ProcessID(trusted: "\(number)"), at: now)) }
        first.revision = 2
        copies.keep(first)
        #expect(copies["0"] == first)
        copies.keep(.started("next", at: now))
        #expect(copies["0"] == nil)
        #expect(copies["1"] != nil && copies["next"] != nil)

        var ended = ProcessRecord.started("1", at: now)
        ended.status = .completed
        copies.keep(ended)
        #expect(copies["1"] == nil)
    }
}
