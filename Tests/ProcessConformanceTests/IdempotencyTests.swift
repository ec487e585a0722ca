import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Idempotency keys", .timeLimit(.minutes(3)))
struct IdempotencyTests {
    private func insertion(
        _ id: ProcessID, _ fingerprint: String = "body", key: String = "key", lifetime: Duration = .seconds(3600)
    ) throws -> ProcessInsertion {
        ProcessInsertion(
            try .finished(id),
            idempotency: ProcessInsertion.Idempotency(key: key, fingerprint: fingerprint, lifetime: lifetime))
    }

    @Test("the same key and body again answer the first process, and keep nothing", arguments: Backend.allCases)
    func replay(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            #expect(try await repository.insert(insertion("a")) == .inserted)
            #expect(try await repository.insert(insertion("b")) == .replayed(.found(.finished("a"))))
            #expect(try await repository.insert(insertion("a")) == .replayed(.found(.finished("a"))))
            #expect(try await repository.find("b") == .missing)
            #expect(try await repository.counts().total == 1)
        }
    }

    @Test("a replay shows the process as it is now", arguments: Backend.allCases)
    func replayAfterChange(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            #expect(try await repository.insert(insertion("a")) == .inserted)
            let now = try await repository.change("a", by: .retain(.forever))
            #expect(try await repository.insert(insertion("b")) == .replayed(.found(now)))
        }
    }

    @Test("the same key with another body is a mismatch, whatever the id", arguments: Backend.allCases)
    func mismatch(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            #expect(try await repository.insert(insertion("a")) == .inserted)
            #expect(try await repository.insert(insertion("a", "other")) == .idempotencyMismatch)
            #expect(try await repository.insert(insertion("b", "other")) == .idempotencyMismatch)
            #expect(try await repository.find("b") == .missing)
            #expect(try await repository.insert(insertion("b", "other", key: "KEY")) == .inserted)
        }
    }

    @Test("a replay of a process that was removed says so while that is remembered", arguments: Backend.allCases)
    func replayOfRemoved(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let week = Duration.seconds(7 * 86_400)
            #expect(try await repository.insert(insertion("a", lifetime: week)) == .inserted)
            let removed = try await repository.removeEverythingFinished(tombstoneLifetime: .seconds(60))
            let tombstone = try #require(removed.first)
            #expect(try await repository.insert(insertion("b")) == .replayed(.removed(tombstone)))
            #expect(try await repository.insert(insertion("b", "other")) == .idempotencyMismatch)

            clock.advance(by: .seconds(61))
            #expect(try await repository.insert(insertion("b")) == .replayed(.missing))
            #expect(try await repository.find("b") == .missing)
        }
    }

    @Test(
        "a replay never answers a process that somebody else started by the first one's id, once that is forgotten",
        arguments: Backend.allCases, [false, true])
    func replayAfterSecondLife(backend: Backend, sweeps: Bool) async throws {
        try await backend.withRepository { repository, clock async throws in
            let week = Duration.seconds(7 * 86_400)
            #expect(try await repository.insert(insertion("a", lifetime: week)) == .inserted)
            try await repository.removeEverythingFinished(tombstoneLifetime: .seconds(60))
            clock.advance(by: .seconds(61))
            if sweeps { while try await repository.forgetExpired() {} }

            let again = ProcessRecord.started("a", at: clock.now)
            #expect(try await repository.insert(ProcessInsertion(again)) == .inserted)
            #expect(try await repository.insert(insertion("c", lifetime: week)) == .replayed(.missing))
            #expect(try await repository.insert(insertion("c", "else", lifetime: week)) == .idempotencyMismatch)
            #expect(try await repository.find("c") == .missing)
            expectEqual(try await repository.record("a"), again)
        }
    }

    @Test("of two lives of an id, each has its own key", arguments: Backend.allCases)
    func keysOfTwoLives(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let week = Duration.seconds(7 * 86_400)
            #expect(try await repository.insert(insertion("a", key: "first", lifetime: week)) == .inserted)
            try await repository.removeEverythingFinished(tombstoneLifetime: .zero)
            clock.advance(by: .seconds(1))
            let again = ProcessRecord.started("a", at: clock.now)
            let key = ProcessInsertion.Idempotency(key: "second", fingerprint: "body", lifetime: week)
            #expect(try await repository.insert(ProcessInsertion(again, idempotency: key)) == .inserted)
            #expect(try await repository.insert(insertion("a", key: "first", lifetime: week)) == .replayed(.missing))
            #expect(
                try await repository.insert(insertion("a", key: "second", lifetime: week)) == .replayed(.found(again)))
        }
    }

    @Test("a key whose time has passed can be used again, swept up or not", arguments: Backend.allCases, [false, true])
    func expiry(backend: Backend, sweeps: Bool) async throws {
        try await backend.withRepository { repository, clock async throws in
            #expect(try await repository.insert(insertion("a", lifetime: .seconds(60))) == .inserted)
            clock.advance(by: .seconds(59))
            if sweeps { while try await repository.forgetExpired() {} }
            #expect(try await repository.insert(insertion("b", "other")) == .idempotencyMismatch)

            clock.advance(by: .seconds(2))
            if sweeps { while try await repository.forgetExpired() {} }
            #expect(try await repository.insert(insertion("b", "other")) == .inserted)
            #expect(try await repository.insert(insertion("c", "other")) == .replayed(.found(.finished("b"))))
            #expect(try await repository.insert(insertion("c", "body")) == .idempotencyMismatch)
        }
    }

    @Test("a replay does not lengthen the life of a key", arguments: Backend.allCases)
    func replayKeepsExpiry(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            #expect(try await repository.insert(insertion("a", lifetime: .seconds(60))) == .inserted)
            clock.advance(by: .seconds(40))
            #expect(
                try await repository.insert(insertion("b", lifetime: .seconds(60))) == .replayed(.found(.finished("a")))
            )
            clock.advance(by: .seconds(40))
            #expect(try await repository.insert(insertion("b", lifetime: .seconds(60))) == .inserted)
        }
    }

    @Test("a refused start uses up no key", arguments: Backend.allCases)
    func refused(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.started("taken"))
            #expect(try await repository.insert(insertion("taken")) == .exists(.found(.started("taken"))))
            #expect(try await repository.insert(insertion("free", "other")) == .inserted)
        }
    }

    @Test("keys of the longest shape and fingerprints of any text are told apart", arguments: Backend.allCases)
    func extremeKeys(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let long = String(repeating: "k", count: 127)
            #expect(try await repository.insert(insertion("a", "sha256:0\u{0}é", key: long + "1")) == .inserted)
            #expect(try await repository.insert(insertion("b", "sha256:0\u{0}é", key: long + "2")) == .inserted)
            #expect(
                try await repository.insert(insertion("c", "sha256:0\u{0}é", key: long + "1"))
                    == .replayed(.found(.finished("a"))))
            #expect(try await repository.insert(insertion("c", "sha256:0", key: long + "1")) == .idempotencyMismatch)
        }
    }

    @Test("of 16 starts with one key at once, on two instances, one starts a process", arguments: Backend.allCases)
    func race(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            let insertions = try (0..<16).map { try insertion(ProcessID(trusted: "p\($0)")) }
            let outcomes = try await withThrowingTaskGroup(of: InsertOutcome.self) { group in
                for (number, insertion) in insertions.enumerated() {
                    group.addTask { try await (number % 2 == 0 ? first : second).insert(insertion) }
                }
                return try await group.reduce(into: [InsertOutcome]()) { $0.append($1) }
            }
            let page = try await first.page(ProcessQuery())
            let kept = try #require(page.records.first)
            #expect(page.records.count == 1)
            #expect(outcomes.count { $0 == .inserted } == 1)
            #expect(outcomes.count { $0 == .replayed(.found(kept)) } == 15)
        }
    }
}
