import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Every field comes back as it was", .timeLimit(.minutes(3)))
struct RoundTripTests {
    /// Keeps a record and reads it in every way there is.
    private func expectRoundTrip(
        of record: ProcessRecord, in repository: any ProcessRepository, _ comment: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        expectEqual(try await repository.record(record.id), record, "found " + comment, sourceLocation: sourceLocation)
        let several = try await repository.find([record.id])
        #expect(several == [.found(record)], sourceLocation: sourceLocation)
        var query = ProcessQuery()
        query.createdAfter = record.createdAt - .milliseconds(1)
        query.createdBefore = record.createdAt + .milliseconds(1)
        let page = try await repository.page(query)
        let listed = try #require(page.records.first { $0.id == record.id }, sourceLocation: sourceLocation)
        expectEqual(listed, record, "listed " + comment, sourceLocation: sourceLocation)
    }

    @Test("a process of any status with every field it can have", arguments: Backend.allCases, ProcessStatus.allCases)
    func everyField(backend: Backend, status: ProcessStatus) async throws {
        try await backend.withRepository { repository, _ async throws in
            let record = ExtremeRecords.record(status)
            try await repository.keep(record)
            try await expectRoundTrip(of: record, in: repository)
        }
    }

    @Test("a process of any status with no field it need not have", arguments: Backend.allCases, ProcessStatus.allCases)
    func bare(backend: Backend, status: ProcessStatus) async throws {
        try await backend.withRepository { repository, _ async throws in
            let record = ExtremeRecords.bare(status)
            try await repository.keep(record)
            try await expectRoundTrip(of: record, in: repository)
        }
    }

    @Test("a replace sets and clears every field that can change", arguments: Backend.allCases, ProcessStatus.allCases)
    func replaced(backend: Backend, status: ProcessStatus) async throws {
        try await backend.withRepository { repository, _ async throws in
            let first = ExtremeRecords.record(status)
            try await repository.keep(first)
            // A record with the same unchangeable fields, and nothing else that it need not have.
            let cleared = ProcessRecord(
                id: first.id, kind: first.kind, status: .running, revision: first.revision + 1, input: first.input,
                metadata: first.metadata, createdAt: first.createdAt, updatedAt: .ms(7), queue: first.queue,
                priority: first.priority, attempt: 0, backoff: first.backoff, lease: first.lease,
                timeout: first.timeout, pickupTimeout: first.pickupTimeout, parentID: first.parentID,
                traceparent: first.traceparent)
            var outcome = try await repository.replace(cleared, ifRevision: first.revision, notBefore: nil)
            #expect(outcome == .replaced)
            try await expectRoundTrip(of: cleared, in: repository, "after it was cleared")

            var again = first
            again.revision += 2
            outcome = try await repository.replace(again, ifRevision: first.revision + 1, notBefore: nil)
            #expect(outcome == .replaced)
            try await expectRoundTrip(of: again, in: repository, "after it was set again")
        }
    }

    @Test("each field that a process may have or not, when it is the only one", arguments: Backend.allCases)
    func oneField(backend: Backend) async throws {
        let fields: [@Sendable (inout ProcessRecord) -> Void] = [
            { $0.progress = ProcessProgress(message: "m") }, { $0.result = "1" },
            { $0.failure = ProcessFailure(code: "c") }, { $0.failure = ProcessFailure(code: "c", message: "m") },
            { $0.failure = ProcessFailure(code: "c", details: "1") }, { $0.startedAt = .ms(1) },
            { $0.finishedAt = .ms(1) }, { $0.heartbeatAt = .ms(1) }, { $0.progressAt = .ms(1) },
            { $0.estimatedFinishAt = .ms(1) }, { $0.runAfter = .ms(1) }, { $0.worker = "w" },
            { $0.claimedLease = .seconds(1) }, { $0.leaseExpiresAt = .ms(1) }, { $0.deadline = .ms(1) },
            { $0.retain = .forever }, { $0.cancelRequested = true }, { $0.cancelReason = "r" },
        ]
        try await backend.withRepository { repository, _ async throws in
            for (number, set) in fields.enumerated() {
                var record = ProcessRecord(
                    id: ProcessID(trusted: "p\(number)"), kind: "k", status: .running, revision: 1, createdAt: .ms(0),
                    updatedAt: .ms(0), attempt: 1)
                set(&record)
                try await repository.keep(record)
                expectEqual(try await repository.record(record.id), record, "field \(number), inserted")

                // The same by a replace of a process that had nothing.
                var other = ProcessRecord(
                    id: ProcessID(trusted: "r\(number)"), kind: "k", status: .running, revision: 1, createdAt: .ms(0),
                    updatedAt: .ms(0), attempt: 1)
                try await repository.keep(other)
                set(&other)
                other.revision = 2
                #expect(try await repository.replace(other, ifRevision: 1, notBefore: nil) == .replaced)
                expectEqual(try await repository.record(other.id), other, "field \(number), replaced")
            }
        }
    }

    @Test("payloads byte for byte, wherever they stand", arguments: Backend.allCases)
    func payloads(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            for (number, payload) in (ExtremeRecords.payloads + [ExtremeRecords.largePayload]).enumerated() {
                let started = ProcessRecord.started(ProcessID(trusted: "p\(number)")) { $0.input = payload }
                try await repository.keep(started)
                expectEqual(try await repository.record(started.id), started, "input \(number)")

                let failure = ProcessFailure(code: "c", details: payload)
                let failed = try started.changed(by: .fail(failure, mayRetry: false), at: clock.now)
                #expect(try await repository.replace(failed, ifRevision: 1, notBefore: nil) == .replaced)
                expectEqual(try await repository.record(started.id), failed, "details \(number)")

                var completed = failed
                completed.result = payload
                completed.failure = nil
                completed.status = .completed
                completed.revision = 3
                #expect(try await repository.replace(completed, ifRevision: 2, notBefore: nil) == .replaced)
                expectEqual(try await repository.record(started.id), completed, "result \(number)")
            }
        }
    }

    @Test("texts with every character, and apart from none at all", arguments: Backend.allCases)
    func texts(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            for (number, text) in ExtremeRecords.texts.enumerated() {
                var record = ProcessRecord.started(ProcessID(trusted: "p\(number)")) { start in
                    start.metadata = ProcessMetadata([.init(key: "text", value: text)])
                }
                record.progress = ProcessProgress(message: text)
                record.cancelRequested = true
                record.cancelReason = text
                record.failure = ProcessFailure(code: "c", message: text)
                try await repository.keep(record)
                let found = try await repository.record(record.id)
                expectEqual(found, record, "text \(number)")
                // `==` takes two normal forms for one text; a store must not change one into the other.
                let bytes = Array(text.utf8)
                #expect(found.progress?.message.map { Array($0.utf8) } == bytes)
                #expect(found.cancelReason.map { Array($0.utf8) } == bytes)
                #expect(found.failure?.message.map { Array($0.utf8) } == bytes)
                #expect(found.metadata["text"].map { Array($0.utf8) } == bytes)
            }
        }
    }

    @Test("64 labels in the order they were sent", arguments: Backend.allCases)
    func metadataOrder(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let keys = (0..<64).map { "key-\($0 * 37 % 64)" }
            let record = ProcessRecord.started("a") { start in
                start.metadata = ProcessMetadata(keys.map { .init(key: $0, value: "value of \($0)") })
            }
            try await repository.keep(record)
            #expect(try await repository.record("a").metadata.entries.map(\.key) == keys)
        }
    }

    @Test("numbers of progress to the last bit", arguments: Backend.allCases)
    func doubles(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let numbers = [
                0, 1, 0.1, 0.1 + 0.2, 1.0 / 3, .leastNonzeroMagnitude, .leastNormalMagnitude, 1e-7, 1e21,
                9_007_199_254_740_992,
                .greatestFiniteMagnitude, 1.5, 100, 1e15 + 0.3,
            ]
            for (place, number) in numbers.enumerated() {
                var record = ProcessRecord.started(ProcessID(trusted: "p\(place)"))
                record.progress = ProcessProgress(fraction: min(number, 1), done: number, total: number)
                try await repository.keep(record)
                expectEqual(try await repository.record(record.id), record)
            }
        }
    }

    @Test("progress with some of its parts", arguments: Backend.allCases)
    func partsOfProgress(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let parts = [
                ProcessProgress(fraction: 0), ProcessProgress(done: 3), ProcessProgress(done: 0, total: 0),
                ProcessProgress(message: ""), ProcessProgress(fraction: 0.5, message: "m"),
                ProcessProgress(fraction: 0.5, done: 1, total: 2),
            ]
            for (number, progress) in parts.enumerated() {
                var record = ProcessRecord.started(ProcessID(trusted: "p\(number)"))
                record.progress = progress
                try await repository.keep(record)
                expectEqual(try await repository.record(record.id), record)
            }
        }
    }

    @Test("every way to be kept", arguments: Backend.allCases)
    func retention(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let ways: [Retention?] = [nil, .forever, .after(.zero), .after(.milliseconds(1)), .after(.longest)]
            for (number, retain) in ways.enumerated() {
                let record = ProcessRecord.started(ProcessID(trusted: "p\(number)")) { $0.retain = retain }
                try await repository.keep(record)
                expectEqual(try await repository.record(record.id), record)
            }
        }
    }
}
