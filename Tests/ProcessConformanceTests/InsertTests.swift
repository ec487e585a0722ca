import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Inserting", .timeLimit(.minutes(3)))
struct InsertTests {
    @Test("an inserted process is found as it was sent", arguments: Backend.allCases)
    func insert(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let record = ProcessRecord.started("a") { $0.input = #"{"customer":42}"# }
            let outcome = try await repository.insert(ProcessInsertion(record))
            #expect(outcome == .inserted)
            expectEqual(try await repository.record("a"), record)
        }
    }

    @Test("a process with an id made by the service is found too", arguments: Backend.allCases)
    func generatedID(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            for _ in 0..<20 {
                let record = ProcessRecord.started(.uuidV7(at: clock.now), at: clock.now)
                let outcome = try await repository.insert(ProcessInsertion(record, hasGeneratedID: true))
                #expect(outcome == .inserted)
                expectEqual(try await repository.record(record.id), record)
            }
            #expect(try await repository.counts().total == 20)
        }
    }

    @Test("a taken id answers the process that has it, and keeps that one", arguments: Backend.allCases)
    func takenID(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.started("a"))
            let now = try await repository.change("a", by: .progress(ProgressReport(message: "half")))
            let other = ProcessRecord.started("a", kind: "other", at: clock.now)
            let outcome = try await repository.insert(ProcessInsertion(other))
            #expect(outcome == .exists(.found(now)))
            expectEqual(try await repository.record("a"), now)
            let counts = try await repository.counts()
            #expect(counts.byKind == ["report": 1])
        }
    }

    // MARK: Parents

    @Test("a parent that is not there refuses its child, unless it need not be there", arguments: Backend.allCases)
    func parent(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let child = ProcessRecord.started("child") { $0.parentID = "parent" }
            var outcome = try await repository.insert(ProcessInsertion(child))
            #expect(outcome == .parentMissing)
            #expect(try await repository.find("child") == .missing)

            let moved = ProcessRecord.started("moved") { $0.parentID = "parent" }
            outcome = try await repository.insert(ProcessInsertion(moved, requiresParent: false))
            #expect(outcome == .inserted)

            try await repository.keep(.started("parent"))
            outcome = try await repository.insert(ProcessInsertion(child))
            #expect(outcome == .inserted)
        }
    }

    @Test("a parent that has finished is there, one that was removed is not", arguments: Backend.allCases)
    func removedParent(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.finished("parent"))
            var outcome = try await repository.insert(ProcessInsertion(.finished("first", parent: "parent")))
            #expect(outcome == .inserted)
            try await repository.removeEverythingFinished()
            outcome = try await repository.insert(ProcessInsertion(.finished("second", parent: "parent")))
            #expect(outcome == .parentMissing)
        }
    }

    @Test("no process is its own parent", arguments: Backend.allCases)
    func ownParent(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let outcome = try await repository.insert(ProcessInsertion(.started("a") { $0.parentID = "a" }))
            #expect(outcome == .parentMissing)
            #expect(try await repository.find("a") == .missing)
        }
    }

    // MARK: Number of processes

    @Test("as many processes as there may be leave no room until one is removed", arguments: Backend.allCases)
    func maximumCount(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            func insert(_ id: ProcessID) async throws -> InsertOutcome {
                try await repository.insert(ProcessInsertion(.finished(id), maximumCount: 2))
            }
            #expect(try await insert("a") == .inserted)
            #expect(try await insert("b") == .inserted)
            #expect(try await insert("c") == .full)
            #expect(try await repository.find("c") == .missing)
            #expect(try await repository.counts().total == 2)

            try await repository.removeEverythingFinished()
            #expect(try await insert("c") == .inserted)
        }
    }

    @Test("changing, claiming and replaying need no room", arguments: Backend.allCases)
    func fullStoreGoesOn(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let key = ProcessInsertion.Idempotency(key: "k", fingerprint: "f", lifetime: .seconds(60))
            let insertion = ProcessInsertion(.queued("a"), idempotency: key, maximumCount: 1)
            #expect(try await repository.insert(insertion) == .inserted)
            #expect(try await repository.insert(insertion) == .replayed(.found(.queued("a"))))
            #expect(try await repository.claim(ClaimRequest(queues: ["default"])).count == 1)
            try await repository.change("a", by: .complete(result: "1"))
        }
    }

    // MARK: The order of judgement

    @Test("key, id, tombstone, parent and number are judged in this order", arguments: Backend.allCases)
    func order(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            func key(_ name: String, _ fingerprint: String) -> ProcessInsertion.Idempotency {
                ProcessInsertion.Idempotency(key: name, fingerprint: fingerprint, lifetime: .seconds(3600))
            }
            func insert(
                _ id: ProcessID, key: ProcessInsertion.Idempotency? = nil, parent: ProcessID? = nil
            ) async throws -> InsertOutcome {
                let record = ProcessRecord.started(id) { $0.parentID = parent }
                return try await repository.insert(ProcessInsertion(record, idempotency: key, maximumCount: 0))
            }
            try await repository.keep(.finished("gone"))
            let removed = try await repository.removeEverythingFinished()
            let gone = try #require(removed.first)
            let keyed = ProcessRecord.started("keyed")
            _ = try await repository.insert(ProcessInsertion(keyed, idempotency: key("k", "one")))
            let taken = ProcessRecord.started("taken")
            try await repository.keep(taken)

            // Each line is refused for everything that is judged later, too.
            #expect(try await insert("taken", key: key("k", "two"), parent: "nobody") == .idempotencyMismatch)
            #expect(try await insert("taken", key: key("k", "one"), parent: "nobody") == .replayed(.found(keyed)))
            #expect(try await insert("gone", key: key("k", "one"), parent: "nobody") == .replayed(.found(keyed)))
            #expect(try await insert("taken", key: key("new", "one"), parent: "nobody") == .exists(.found(taken)))
            #expect(try await insert("gone", key: key("new", "one"), parent: "nobody") == .removed(gone))
            #expect(try await insert("new", key: key("new", "one"), parent: "nobody") == .parentMissing)
            #expect(try await insert("new", key: key("new", "one"), parent: "taken") == .full)
            #expect(try await repository.find("new") == .missing)
            #expect(try await repository.counts().total == 2)

            // None of them used up its key.
            let last = ProcessInsertion(.started("last"), idempotency: key("new", "two"))
            #expect(try await repository.insert(last) == .inserted)
        }
    }

    // MARK: Races

    @Test("of 16 inserts of one id at once, on two instances, one wins", arguments: Backend.allCases)
    func raceForID(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            let outcomes = try await withThrowingTaskGroup(of: InsertOutcome.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        let record = ProcessRecord.started("a", kind: "kind-\(number)")
                        return try await (number % 2 == 0 ? first : second).insert(ProcessInsertion(record))
                    }
                }
                return try await group.reduce(into: [InsertOutcome]()) { $0.append($1) }
            }
            let kept = try await first.record("a")
            #expect(outcomes.count { $0 == .inserted } == 1)
            #expect(outcomes.count { $0 == .exists(.found(kept)) } == 15)
            #expect(try await second.counts().byKind == [kept.kind: 1])
        }
    }
}
