import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Replacing", .timeLimit(.minutes(3)))
struct ReplaceTests {
    @Test("a changed record takes the place of the one it was made from", arguments: Backend.allCases)
    func replace(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let record = ProcessRecord.started("a")
            try await repository.keep(record)
            clock.advance(by: .milliseconds(250))
            let next = try record.changed(by: .complete(result: "[1,2]"), at: clock.now)
            let outcome = try await repository.replace(next, ifRevision: 1, notBefore: nil)
            #expect(outcome == .replaced)
            expectEqual(try await repository.record("a"), next)
        }
    }

    @Test("another revision is a conflict that shows the record, and changes nothing", arguments: Backend.allCases)
    func otherRevision(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let record = ProcessRecord.started("a")
            try await repository.keep(record)
            let now = try await repository.change("a", by: .progress(ProgressReport(numbers: .fraction(0.5))))
            let late = try record.changed(by: .complete(result: nil), at: clock.now)
            for revision in [Int64(0), 1, 3, -2, .max] {
                let outcome = try await repository.replace(late, ifRevision: revision, notBefore: nil)
                #expect(outcome == .conflict(.found(now)))
            }
            expectEqual(try await repository.record("a"), now)
            #expect(try await repository.counts().byStatus[.completed, default: 0] == 0)
        }
    }

    @Test("the same revision of another moment is a conflict, and changes nothing", arguments: Backend.allCases)
    func otherMoment(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let record = ProcessRecord.started("a")
            try await repository.keep(record)
            clock.advance(by: .milliseconds(1))
            let now = try await repository.change("a", by: .complete(result: "1"))
            // What somebody remembers of a store that has since been brought back from a backup.
            let remembered = try record.changed(
                by: .progress(ProgressReport(numbers: .fraction(0.5))), at: clock.now + .milliseconds(1))
            #expect(remembered.revision == now.revision)
            let next = try remembered.changed(by: .fail(ProcessFailure(code: "late"), mayRetry: false), at: clock.now)
            let outcome = try await repository.replace(next, over: remembered, notBefore: nil)
            #expect(outcome == .conflict(.found(now)))
            expectEqual(try await repository.record("a"), now)
            #expect(try await repository.counts().byStatus[.failed, default: 0] == 0)
        }
    }

    @Test("a replace creates nothing", arguments: Backend.allCases)
    func neverCreates(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let record = try ProcessRecord.started("a").changed(by: .retain(.forever), at: clock.now)
            let outcome = try await repository.replace(record, ifRevision: 1, notBefore: nil)
            #expect(outcome == .conflict(.missing))
            #expect(try await repository.find("a") == .missing)
            #expect(try await repository.counts().total == 0)
        }
    }

    @Test("a replace brings nothing back that was removed", arguments: Backend.allCases)
    func neverRevives(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let record = try ProcessRecord.finished("a")
            try await repository.keep(record)
            let removed = try await repository.removeEverythingFinished()
            let tombstone = try #require(removed.first)
            let next = try record.changed(by: .retain(.forever), at: clock.now)
            let outcome = try await repository.replace(next, ifRevision: record.revision, notBefore: nil)
            #expect(outcome == .conflict(.removed(tombstone)))
            #expect(try await repository.find("a") == .removed(tombstone))
            #expect(try await repository.counts().total == 0)
        }
    }

    @Test(
        "a time that the store's clock has not reached is too early, and changes nothing", arguments: Backend.allCases)
    func notBefore(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let record = ProcessRecord.started("a") { $0.lease = .seconds(30) }
            try await repository.keep(record)
            let end = try #require(record.leaseExpiresAt)
            let ended = try record.changed(by: .expire, at: end)

            clock.set(to: end - .milliseconds(1))
            #expect(try await repository.replace(ended, ifRevision: 1, notBefore: end) == .tooEarly)
            expectEqual(try await repository.record("a"), record)
            #expect(try await repository.findOverdue(at: end, limit: 10) == [record])

            clock.set(to: end)
            #expect(try await repository.replace(ended, ifRevision: 1, notBefore: end) == .replaced)
            expectEqual(try await repository.record("a"), ended)
        }
    }

    @Test("a time that has come does not make another revision right", arguments: Backend.allCases)
    func notBeforeAndConflict(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let record = ProcessRecord.started("a")
            try await repository.keep(record)
            let now = try await repository.change("a", by: .progress(ProgressReport()))
            let late = try record.changed(by: .complete(result: nil), at: clock.now)
            let outcome = try await repository.replace(late, ifRevision: 1, notBefore: clock.now - .seconds(1))
            #expect(outcome == .conflict(.found(now)))
        }
    }

    @Test("of 16 replaces of one revision at once, on two instances, one wins", arguments: Backend.allCases)
    func race(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, clock async throws in
            let record = ProcessRecord.started("a")
            try await first.keep(record)
            let candidates = try (0..<16).map { number in
                try record.changed(by: .complete(result: JSONText(validating: "\(number)")), at: clock.now)
            }
            let outcomes = try await withThrowingTaskGroup(of: (Int, ReplaceOutcome).self) { group in
                for (number, candidate) in candidates.enumerated() {
                    group.addTask {
                        let instance = number % 2 == 0 ? first : second
                        return (number, try await instance.replace(candidate, ifRevision: 1, notBefore: nil))
                    }
                }
                return try await group.reduce(into: [Int: ReplaceOutcome]()) { $0[$1.0] = $1.1 }
            }
            let winners = outcomes.filter { $0.value == .replaced }
            let winner = try #require(winners.first?.key)
            #expect(winners.count == 1)
            expectEqual(try await second.record("a"), candidates[winner])
            #expect(outcomes.values.count { $0 == .conflict(.found(candidates[winner])) } == 15)
        }
    }

    @Test("changes of 16 tasks that try again lose none", arguments: Backend.allCases)
    func lostUpdates(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, clock async throws in
            try await first.keep(.started("a"))
            try await withThrowingTaskGroup { group in
                for number in 0..<16 {
                    group.addTask {
                        let instance = number % 2 == 0 ? first : second
                        var record = try await instance.record("a")
                        while true {
                            let done = (record.progress?.done ?? 0) + 1
                            let report = ProgressReport(numbers: .units(done: done, total: 16))
                            let next = try record.changed(by: .progress(report), at: clock.now)
                            let outcome = try await instance.replace(next, ifRevision: record.revision, notBefore: nil)
                            if outcome == .replaced { return }
                            guard case .conflict(.found(let newer)) = outcome else {
                                throw RecordMissing(id: "a")
                            }
                            record = newer
                        }
                    }
                }
                try await group.waitForAll()
            }
            let record = try await second.record("a")
            #expect(record.progress?.done == 16)
            #expect(record.revision == 17)
        }
    }

    @Test("what one instance wrote, the other reads at once", arguments: Backend.allCases)
    func instances(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, clock async throws in
            for number in 0..<20 {
                let id = ProcessID(trusted: "p\(number)")
                let record = ProcessRecord.started(id, at: clock.now)
                try await first.keep(record)
                expectEqual(try await second.record(id), record)
                let next = try await second.change(id, by: .complete(result: "true"))
                expectEqual(try await first.record(id), next)
                #expect(try await first.counts().byStatus[.completed] == number + 1)
                #expect(try await second.page(ProcessQuery()).records.contains(next))
            }
        }
    }
}
