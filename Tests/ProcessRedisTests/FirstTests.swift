import EventLoop
import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessRedis

@Suite("Redis records", .timeLimit(.minutes(1)))
struct FirstTests {
    @Test("a started process is found again, and changes")
    func startAndFind() async throws {
        try await withRepository { repository, server in
            let record = startedRecord(at: repository.now())
            #expect(try await repository.insert(ProcessInsertion(record, hasGeneratedID: true)) == .inserted)
            let found = try await repository.record(record.id)
            expectEqual(found, record)
            try await repository.change(record.id, by: .complete(result: try JSONText(validating: "[1, 2]")))
            print(try server.run("HGETALL", "process:\(record.id)").texts)
            print(try server.run("KEYS", "*").texts)
            #expect(try await repository.counts().byStatus[.completed] == 1)
        }
    }
}
