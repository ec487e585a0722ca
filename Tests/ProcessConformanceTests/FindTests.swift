import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Finding by id", .timeLimit(.minutes(3)))
struct FindTests {
    @Test("an id that was never used is missing", arguments: Backend.allCases)
    func unknown(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.started("a"))
            let lookup = try await repository.find("nobody")
            #expect(lookup == .missing)
        }
    }

    @Test("ids that differ in case, or begin alike, are different processes", arguments: Backend.allCases)
    func exactIDs(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let ids: [ProcessID] = ["job", "Job", "job:1", "job:10", "job:1:", "job~", "0", "00", "-0", "1e3", "..."]
            try await repository.keep(ids.map { .started($0) })
            for id in ids { #expect(try await repository.record(id) == .started(id)) }
            let others: [ProcessID] = ["JOB", "job:", "job:1:1", "000", "1000"]
            for id in others { #expect(try await repository.find(id) == .missing) }
        }
    }

    @Test(
        "several ids are answered in the order asked for, repeated ones and unknown ones included",
        arguments: Backend.allCases)
    func several(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.started("a"), .started("b"), .finished("gone"))
            let batch = try await repository.cleanup(
                CleanupRequest(.older(by: clock.now, statuses: ProcessStatus.finished, includingRetained: false)))
            let tombstone = try #require(batch.removed.first)

            let lookups = try await repository.find(["b", "nobody", "a", "gone", "b"])
            #expect(
                lookups == [
                    .found(.started("b")), .missing, .found(.started("a")), .removed(tombstone), .found(.started("b")),
                ])
            #expect(try await repository.find([ProcessID]()) == [])
        }
    }

    @Test("500 ids at once are all answered", arguments: Backend.allCases)
    func many(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let records = (0..<250).map { ProcessRecord.started(ProcessID(trusted: "p\($0)")) }
            try await repository.keep(records)
            let ids = (0..<500).map { ProcessID(trusted: "p\($0)") }
            let lookups = try await repository.find(ids)
            #expect(lookups == records.map { .found($0) } + Array(repeating: .missing, count: 250))
        }
    }
}
