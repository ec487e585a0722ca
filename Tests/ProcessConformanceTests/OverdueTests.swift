import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Finding what is overdue", .timeLimit(.minutes(3)))
struct OverdueTests {
    private func leased(_ id: ProcessID, _ lease: Duration, timeout: Duration? = nil) -> ProcessRecord {
        .started(id) { start in
            start.lease = lease
            start.timeout = timeout
        }
    }

    @Test("leases and deadlines are found from the millisecond they pass", arguments: Backend.allCases)
    func passes(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            let lease = leased("lease", .seconds(10))
            let timeout = ProcessRecord.started("timeout") { $0.timeout = .seconds(20) }
            let pickup = ProcessRecord.queued("pickup") { $0.pickupTimeout = .seconds(30) }
            try await repository.keep(pickup, timeout, lease, .started("neither"), .queued("waits"))

            func overdue(after duration: Duration) async throws -> [ProcessRecord] {
                try await repository.findOverdue(at: start + duration, limit: 10)
            }
            #expect(try await overdue(after: .milliseconds(9_999)).isEmpty)
            #expect(try await overdue(after: .seconds(10)) == [lease])
            #expect(try await overdue(after: .milliseconds(19_999)) == [lease])
            #expect(try await overdue(after: .seconds(20)) == [lease, timeout])
            #expect(try await overdue(after: .milliseconds(29_999)) == [lease, timeout])
            #expect(try await overdue(after: .seconds(30)) == [lease, timeout, pickup])
            #expect(try await overdue(after: .seconds(86_400)) == [lease, timeout, pickup])
        }
    }

    @Test("the time asked for counts, not the store's", arguments: Backend.allCases)
    func instant(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(leased("a", .seconds(10)))
            clock.advance(by: .seconds(100))
            #expect(try await repository.findOverdue(at: ManualClock.start, limit: 10).isEmpty)
            clock.set(to: ManualClock.start)
            #expect(try await repository.findOverdue(at: clock.now + .seconds(10), limit: 10).count == 1)
        }
    }

    @Test("one whose lease and deadline have both passed is found once", arguments: Backend.allCases)
    func once(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(
                leased("a", .seconds(10), timeout: .seconds(20)), leased("b", .seconds(15), timeout: .seconds(5)),
                leased("c", .seconds(7), timeout: .seconds(7)))
            let overdue = try await repository.findOverdue(at: clock.now + .seconds(60), limit: 10)
            #expect(overdue.map(\.id) == ["b", "c", "a"])
        }
    }

    @Test("the longest overdue come first, as many as are asked for", arguments: Backend.allCases)
    func limit(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let records = (0..<60).map { number -> ProcessRecord in
                let time = Duration.milliseconds(number * 17 % 60 + 1)
                let id = ProcessID(trusted: "p\(number)")
                return number % 2 == 0 ? leased(id, time) : leased(id, .seconds(99), timeout: time)
            }
            try await repository.keep(records)
            let order = records.sorted { left, right in
                (left.deadline ?? left.leaseExpiresAt ?? clock.now)
                    < (right.deadline ?? right.leaseExpiresAt ?? clock.now)
            }
            for limit in [1, 2, 25, 60, 1000] {
                let overdue = try await repository.findOverdue(at: clock.now + .seconds(1), limit: limit)
                #expect(overdue.map(\.id) == order.prefix(limit).map(\.id))
            }
        }
    }

    @Test(
        "a report that renews the lease, and the end, take it out; losing a lease does too", arguments: Backend.allCases
    )
    func leaves(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(leased("renewed", .seconds(10)), leased("done", .seconds(10)))
            try await repository.keep(leased("lost", .seconds(10)))
            try await repository.keep(.queued("claimed") { $0.pickupTimeout = .seconds(10) })
            clock.advance(by: .seconds(9))
            try await repository.change("renewed", by: .progress(ProgressReport()))
            try await repository.change("done", by: .complete(result: nil))
            #expect(try await repository.claim(ClaimRequest(queues: ["default"])).count == 1)
            clock.advance(by: .seconds(1))
            #expect(try await repository.findOverdue(at: clock.now, limit: 10).map(\.id) == ["lost"])
            try await repository.change("lost", by: .expire)
            #expect(try await repository.findOverdue(at: clock.now, limit: 10).isEmpty)

            clock.advance(by: .seconds(9))
            #expect(try await repository.findOverdue(at: clock.now, limit: 10).map(\.id) == ["renewed"])
            clock.advance(by: .seconds(50))
            #expect(try await repository.findOverdue(at: clock.now, limit: 10).map(\.id) == ["renewed", "claimed"])
        }
    }

    @Test("a process that was removed is not overdue", arguments: Backend.allCases)
    func removed(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(leased("a", .seconds(10)))
            let scope = CleanupRequest.Scope.older(by: clock.now, statuses: [.running], includingRetained: false)
            #expect(try await repository.cleanupAll(CleanupRequest(scope)).count == 1)
            #expect(try await repository.findOverdue(at: clock.now + .seconds(60), limit: 10).isEmpty)
        }
    }

    @Test("a process moved here from another store is overdue by its own times", arguments: Backend.allCases)
    func moved(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let queued = ProcessRecord.queued("a", at: clock.now - .seconds(500)) { $0.timeout = .seconds(100) }
            let running = try queued.changed(by: .claim(ProcessClaim()), at: clock.now - .seconds(400))
            try await repository.keep(running)
            #expect(try await repository.findOverdue(at: clock.now, limit: 10) == [running])
            #expect(try await repository.findOverdue(at: clock.now - .seconds(341), limit: 10).isEmpty)
        }
    }

    @Test("of 8 services that end one lost lease at once, one does", arguments: Backend.allCases)
    func race(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, clock async throws in
            try await first.keep(leased("a", .seconds(10)))
            clock.advance(by: .seconds(11))
            let outcomes = try await withThrowingTaskGroup(of: [ReplaceOutcome].self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let instance = number % 2 == 0 ? first : second
                        var outcomes: [ReplaceOutcome] = []
                        for record in try await instance.findOverdue(at: clock.now, limit: 10) {
                            let ended = try record.changed(by: .expire, at: clock.now)
                            outcomes.append(
                                try await instance.replace(
                                    ended, ifRevision: record.revision, notBefore: record.leaseExpiresAt))
                        }
                        return outcomes
                    }
                }
                return try await group.reduce(into: [ReplaceOutcome]()) { $0 += $1 }
            }
            #expect(outcomes.count { $0 == .replaced } == 1)
            #expect(try await first.record("a").revision == 2)
            #expect(try await first.record("a").failure?.code == ProcessFailure.leaseExpiredCode)
        }
    }
}
