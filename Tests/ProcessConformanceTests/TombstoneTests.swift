import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Remembering what was removed", .timeLimit(.minutes(3)))
struct TombstoneTests {
    @Test(
        "a removed process is remembered with its last status and the time of its removal", arguments: Backend.allCases)
    func tombstone(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.finished("a", .failed), .finished("b", .cancelled), .finished("c"))
            clock.advance(by: .milliseconds(4_321))
            let removed = try await repository.removeEverythingFinished()
            let expected: [ProcessID: ProcessStatus] = ["a": .failed, "b": .cancelled, "c": .completed]
            #expect(removed.count == 3)
            for (id, status) in expected {
                let tombstone = Tombstone(id: id, status: status, removedAt: clock.now)
                #expect(removed.contains(tombstone))
                #expect(try await repository.find(id) == .removed(tombstone))
            }
        }
    }

    @Test("a removed id is not used again while it is remembered", arguments: Backend.allCases)
    func reuse(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.finished("a"))
            let tombstone = Tombstone(id: "a", status: .completed, removedAt: clock.now)
            #expect(try await repository.removeEverythingFinished(tombstoneLifetime: .seconds(60)) == [tombstone])
            #expect(try await repository.insert(ProcessInsertion(.started("a"))) == .removed(tombstone))
            clock.advance(by: .seconds(59))
            #expect(try await repository.insert(ProcessInsertion(.started("a"))) == .removed(tombstone))
            #expect(try await repository.find("a") == .removed(tombstone))
        }
    }

    @Test(
        "a removed id is forgotten when its time has passed, swept up or not", arguments: Backend.allCases,
        [false, true])
    func expiry(backend: Backend, sweeps: Bool) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.finished("a"))
            try await repository.removeEverythingFinished(tombstoneLifetime: .seconds(60))
            if sweeps { while try await repository.forgetExpired() {} }
            guard case .removed = try await repository.find("a") else {
                Issue.record("forgotten too early")
                return
            }
            clock.advance(by: .seconds(61))
            if sweeps { while try await repository.forgetExpired() {} }
            #expect(try await repository.find("a") == .missing)
            #expect(try await repository.find(["a"]) == [.missing])

            // The id can be used again, and its second life ends with a tombstone of its own.
            let again = ProcessRecord.started("a", at: clock.now)
            #expect(try await repository.insert(ProcessInsertion(again)) == .inserted)
            expectEqual(try await repository.record("a"), again)
            try await repository.change("a", by: .cancel(reason: nil, force: true))
            let removed = try await repository.removeEverythingFinished(tombstoneLifetime: .seconds(60))
            #expect(removed == [Tombstone(id: "a", status: .cancelled, removedAt: clock.now)])
            #expect(try await repository.find("a") == .removed(removed[0]))
        }
    }

    @Test("a second life is not ended by the memory of the first", arguments: Backend.allCases)
    func secondLife(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.finished("a"))
            try await repository.removeEverythingFinished(tombstoneLifetime: .seconds(10))
            clock.advance(by: .seconds(11))
            let again = ProcessRecord.started("a", at: clock.now)
            try await repository.keep(again)
            while try await repository.forgetExpired() {}
            clock.set(to: ManualClock.start)
            expectEqual(try await repository.record("a"), again)
        }
    }

    @Test("without a lifetime nothing is remembered", arguments: Backend.allCases)
    func noLifetime(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.finished("a"))
            #expect(try await repository.removeEverythingFinished(tombstoneLifetime: .zero).count == 1)
            #expect(try await repository.find("a") == .missing)
            #expect(try await repository.insert(ProcessInsertion(.started("a"))) == .inserted)
        }
    }

    @Test("what is to be forgotten goes in bounded calls that come to an end", arguments: Backend.allCases)
    func forgetting(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let key = ProcessInsertion.Idempotency(key: "k", fingerprint: "f", lifetime: .seconds(20))
            _ = try await repository.insert(ProcessInsertion(.finished("keyed"), idempotency: key))
            try await repository.keep((0..<300).map { try .finished(ProcessID(trusted: "p\($0)")) })
            try await repository.removeEverythingFinished(tombstoneLifetime: .seconds(10))
            #expect(try await repository.forgetExpired() == false)
            clock.advance(by: .seconds(11))
            var calls = 0
            while try await repository.forgetExpired() {
                calls += 1
                try #require(calls < 400, "each call must forget something")
            }
            #expect(try await repository.forgetExpired() == false)
            #expect(try await repository.find("p7") == .missing)
            #expect(
                try await repository.insert(ProcessInsertion(.started("new"), idempotency: key)) == .replayed(.missing))
        }
    }
}
