import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessSQLite

@Suite("Rows", .timeLimit(.minutes(3)))
struct RowTests {
    /// A record in which every attribute has a value of its own.
    static func full(_ id: String = "full", inputLength: Int = 20) throws -> ProcessRecord {
        let time = { (offset: Int64) in Timestamp(milliseconds: 1_700_000_000_000 + offset) }
        let text = String(repeating: "x", count: inputLength)
        return ProcessRecord(
            id: ProcessID(trusted: id), kind: "report", status: .failed, revision: 7,
            progress: ProcessProgress(fraction: 0.1, done: 1e300, total: -0.5, message: "page 4\u{0}2 é"),
            input: try JSONText(validating: #"{"b":1.10,"a":[12345678901234567890123,"\#(text)"]}"#),
            result: try JSONText(validating: #""\u0000""#),
            failure: ProcessFailure(
                code: "exit_2", message: "", details: try JSONText(validating: "[1, 2]")),
            metadata: ProcessMetadata([.init(key: "z", value: "\u{0}\"é"), .init(key: "a", value: "")]),
            createdAt: time(0), startedAt: time(1), updatedAt: time(2), finishedAt: time(3), heartbeatAt: time(4),
            progressAt: time(5), estimatedFinishAt: time(6), queue: "default", priority: -7, runAfter: time(7),
            attempt: 3, maxAttempts: 5,
            backoff: Backoff(initial: .milliseconds(1500), factor: 1.7, max: .seconds(77), jitter: 0.3),
            worker: "host/1", lease: .milliseconds(1), claimedLease: .seconds(2), leaseExpiresAt: time(8),
            timeout: .seconds(3), pickupTimeout: .seconds(4), deadline: time(9), retain: .after(.seconds(5)),
            cancelRequested: true, cancelReason: "why not", parentID: ProcessID(trusted: "parent"),
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    }

    @Test("a record with every attribute set comes back equal", arguments: [20, 5000])
    func fullRecord(inputLength: Int) async throws {
        try await withStore { store, _ in
            let record = try Self.full(inputLength: inputLength)
            try await store.keep(record)
            expectEqual(try await store.record(record.id), record)
        }
    }

    @Test("an idempotency key of an earlier version, with the id alone, answers its process")
    func earlierKey() async throws {
        try await withStore { store, path in
            let record = ProcessRecord.started("a")
            try await store.keep(record)
            try edit(path, "INSERT INTO idempotency_keys VALUES ('k', 'f', 'a', 99999999999999)")
            let key = ProcessInsertion.Idempotency(key: "k", fingerprint: "f", lifetime: .seconds(60))
            #expect(
                try await store.insert(ProcessInsertion(.started("b"), idempotency: key)) == .replayed(.found(record)))
        }
    }

    @Test("a record with as little as can be comes back equal")
    func emptyRecord() async throws {
        try await withStore { store, _ in
            var bare = ProcessRecord.started("bare")
            bare.progress = ProcessProgress()
            bare.retain = .forever
            try await store.keep(bare)
            expectEqual(try await store.record(bare.id), bare)
        }
    }

    @Test("a replaced record comes back equal, whatever changed", arguments: [20, 5000])
    func replaced(inputLength: Int) async throws {
        try await withStore { store, _ in
            let first = try Self.full(inputLength: inputLength)
            _ = try await store.insert(ProcessInsertion(first, requiresParent: false))
            var next = first
            var revision = first.revision
            let later = Timestamp(milliseconds: 1_800_000_000_000)
            let changes: [(inout ProcessRecord) -> Void] = [
                { $0.status = .pending }, { $0.runAfter = later }, { $0.runAfter = nil }, { $0.leaseExpiresAt = later },
                { $0.leaseExpiresAt = nil }, { $0.deadline = nil }, { $0.finishedAt = nil }, { $0.retain = .forever },
                { $0.retain = nil }, { $0.status = .running }, { $0.progress = nil }, { $0.failure = nil },
                { $0.result = nil }, { $0.status = .completed }, { $0.finishedAt = later },
                { $0.retain = .after(.seconds(9)) }, { $0.worker = nil }, { $0.cancelReason = nil },
                { $0.claimedLease = nil }, { $0.attempt = 9 }, { $0.heartbeatAt = nil }, { $0.startedAt = nil },
                { $0.retain = .after(.seconds(10)) },
            ]
            for change in changes {
                change(&next)
                next.revision = revision + 1
                #expect(try await store.replace(next, ifRevision: revision, notBefore: nil) == .replaced)
                expectEqual(try await store.record(next.id), next)
                revision += 1
            }
        }
    }
}
