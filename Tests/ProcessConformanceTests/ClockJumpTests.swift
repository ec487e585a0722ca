import ProcessCore
import ProcessTestSupport
import Testing

@Suite("A store whose clock jumps by an hour", .timeLimit(.minutes(3)))
struct ClockJumpTests {
    static let jumps: [Duration] = [.seconds(-3600), .seconds(3600)]

    /// A process that is tried twice, with a lease of a minute.
    private func queued(
        _ id: ProcessID, in queue: String = "default", _ configure: (inout ProcessStart) -> Void = { _ in }
    ) -> ProcessRecord {
        .queued(id, in: queue) { start in
            start.lease = .seconds(60)
            start.maxAttempts = 2
            start.backoff = Backoff(initial: .seconds(1), factor: 1, max: .seconds(1), jitter: 0)
            configure(&start)
        }
    }

    @Test(
        "ends leases, run times and pick-up times early or late by the jump, and changes nothing by itself",
        arguments: Backend.allCases, Self.jumps)
    func ends(backend: Backend, jump: Duration) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            let manager = ProcessManager(repository: repository)
            try await repository.keep(
                self.queued("lease"),
                self.queued("timeout") { start in
                    start.lease = .seconds(7200)
                    start.timeout = .seconds(60)
                },
                .started("own") { $0.lease = .seconds(60) },
                self.queued("pickup", in: "nobody") { $0.pickupTimeout = .seconds(60) },
                self.queued("quiet", in: "nobody"))
            #expect(try await repository.claim(ClaimRequest(queues: ["default"], limit: 9)).count == 2)
            let ids: [ProcessID] = ["lease", "timeout", "own", "pickup", "quiet"]
            let before = try await repository.find(ids)

            clock.advance(by: jump)
            #expect(try await repository.find(ids) == before)
            if jump < .zero {
                #expect(try await manager.endOverdue() == 0)
                clock.set(to: start + .milliseconds(59_999))
                #expect(try await manager.endOverdue() == 0)
                #expect(try await repository.find(ids) == before)
                clock.set(to: start + .seconds(60))
            }
            #expect(try await manager.endOverdue() == 4)
            #expect(try await manager.endOverdue() == 0)
            var after: [ProcessRecord] = []
            for id in ids { after.append(try await repository.record(id)) }
            #expect(after.map(\.status) == [.pending, .pending, .failed, .failed, .pending])
            #expect(
                after.map(\.failure?.code) == ["lease_expired", "timed_out", "lease_expired", "never_claimed", nil])
        }
    }

    @Test(
        "hands out what was delayed when it shows its time, and keeps the order of what was due",
        arguments: Backend.allCases, Self.jumps)
    func claims(backend: Backend, jump: Duration) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            try await repository.keep(
                .queued("delayed", priority: 9, runAfter: start + .seconds(60)), .queued("first"),
                .queued("second", at: start + .milliseconds(1)))
            clock.advance(by: jump)
            let due: [ProcessID] = jump > .zero ? ["delayed", "first", "second"] : ["first", "second"]
            let claimed = try await repository.claim(ClaimRequest(queues: ["default"], limit: 9))
            #expect(claimed.map(\.id) == due)
            #expect(claimed.allSatisfy { $0.startedAt == clock.now && $0.leaseExpiresAt == clock.now + .seconds(60) })
            if jump < .zero {
                clock.set(to: start + .milliseconds(59_999))
                #expect(try await repository.claim(ClaimRequest(queues: ["default"])).isEmpty)
                clock.set(to: start + .seconds(60))
                #expect(try await repository.claim(ClaimRequest(queues: ["default"])).map(\.id) == ["delayed"])
            }
        }
    }

    @Test(
        "lets no attempt report that was given up on, and every process ends once, by the attempt it was handed to last",
        arguments: Backend.allCases, Self.jumps)
    func fencing(backend: Backend, jump: Duration) async throws {
        try await backend.withTwoInstances { first, second, clock async throws in
            let managers = [ProcessManager(repository: first), ProcessManager(repository: second)]
            let ids = (0..<12).map { ProcessID(trusted: "p\($0)") }
            try await first.keep(ids.map { self.queued($0) })
            let slow = try await first.claim(ClaimRequest(queues: ["default"], limit: 8))
            #expect(slow.count == 8)

            clock.advance(by: jump)
            // The second half of them shows that it is alive, by whatever the clock shows.
            var alive = 0
            for record in slow.suffix(4) {
                alive += try await self.isTaken(.progress(ProgressReport()), of: record, by: managers[1]) ? 1 : 0
            }
            #expect(alive == 4, "no lease ends before somebody looks")
            #expect(try await managers[1].endOverdue() == (jump > .zero ? 4 : 0))
            // What is silent now loses its lease, whichever way the clock went.
            clock.set(to: max(clock.now, ManualClock.start) + .seconds(60))
            #expect(try await managers[0].endOverdue() == (jump > .zero ? 4 : 8))
            for record in slow {
                let isTaken = try await self.isTaken(.complete(result: "1"), of: record, by: managers[0])
                #expect(!isTaken, "\(record.id) was given up on")
            }

            clock.advance(by: .seconds(1))
            let again = try await second.claim(ClaimRequest(queues: ["default"], limit: 100))
            #expect(Set(again.map(\.id)) == Set(ids))
            for record in slow {
                let isTaken = try await self.isTaken(.complete(result: "1"), of: record, by: managers[1])
                #expect(!isTaken, "\(record.id) has a successor")
            }
            clock.advance(by: jump)
            for record in again {
                #expect(try await self.isTaken(.complete(result: "2"), of: record, by: managers[0]))
            }
            #expect(try await managers[1].endOverdue() == 0)
            for id in ids {
                let record = try await first.record(id)
                #expect(record.status == .completed && record.result == "2")
                #expect(record.attempt == (slow.contains { $0.id == id } ? 2 : 1))
            }
            #expect(try await first.counts().byStatus.filter { $0.value > 0 } == [.completed: 12])
        }
    }

    /// Whether a worker's report is taken; where it is refused it must be as one of an attempt that is over.
    private func isTaken(
        _ change: ProcessChange, of record: ProcessRecord, by manager: ProcessManager
    ) async throws -> Bool {
        do {
            try await manager.change(record.id, change, attempt: record.attempt)
            return true
        } catch ProcessError.refused(.staleAttempt, _) {
            return false
        }
    }
}
