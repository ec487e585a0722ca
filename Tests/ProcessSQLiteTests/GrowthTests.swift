import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessSQLite

@Suite("The work of a call", .timeLimit(.minutes(3)))
struct GrowthTests {
    /// Calls, each with enough of what it looks for, whatever else there is.
    enum Call: String, CaseIterable {
        case insert, find, replace, claim, page, pageOfKind, pageOfStatusAndKind, counts, overdue, cleanup, forget

        func run(_ writer: StoreWriter, at now: Timestamp, round: Int) throws {
            let reader = writer.reader
            switch self {
            case .insert: _ = try writer.insert(ProcessInsertion(.queued(ProcessID(trusted: "new-\(round)"), at: now)))
            case .find: _ = try reader.lookup("p7", at: now)
            case .replace:
                guard case .found(let record) = try reader.lookup("p8", at: now) else { throw RecordMissing(id: "p8") }
                var next = record
                next.revision += 1
                next.status = next.status == .pending ? .running : .pending
                next.leaseExpiresAt = now + .seconds(1000 + round)
                #expect(try writer.update(next, over: record, at: now))
            case .claim: #expect(try writer.claim(ClaimRequest(queues: ["default"], limit: 2)).count == 2)
            case .page: #expect(try reader.page(ProcessQuery()).records.count == 100)
            case .pageOfKind, .pageOfStatusAndKind:
                var query = ProcessQuery()
                query.limit = 5
                query.kinds = ["rare"]
                if self == .pageOfStatusAndKind { query.statuses = [.running] }
                #expect(try reader.page(query).records.count == 5)
            case .counts: _ = try reader.counts(at: now)
            case .overdue: #expect(try reader.overdue(at: now, limit: 5).count == 5)
            case .cleanup:
                let request = CleanupRequest(.expired(finishedBy: now, at: now), limit: 5)
                #expect(try writer.remove(try reader.candidates(request).found, request).count == 5)
            case .forget: _ = try writer.forgetExpired()
            }
        }
    }

    private func fill(_ writer: StoreWriter, _ range: Range<Int>, at now: Timestamp) throws {
        for index in range {
            let id = ProcessID(trusted: "p\(index)")
            var record: ProcessRecord
            switch index % 4 {
            case 0: record = .queued(id, priority: index % 7, at: now)
            case 1: record = .queued(id, in: "late", runAfter: now + .seconds(1_000_000), at: now)
            case 2: record = .started(id, kind: index < 100 ? "rare" : "report", at: now) { $0.lease = .seconds(9) }
            default:
                record = .started(id, at: now)
                record.status = .completed
                record.finishedAt = now
            }
            if index % 4 == 2, index < 100 { record.leaseExpiresAt = now }
            _ = try writer.insert(ProcessInsertion(record))
        }
    }

    @Test("a call does the same work with ten times as many processes", arguments: Call.allCases)
    func growth(call: Call) async throws {
        try await withStore { store, path in
            await store.close()
            let clock = ManualClock()
            let connection = try SQLiteConnection(path: path, mode: .readWrite, busyTimeout: .seconds(5))
            let writer = try StoreWriter(
                connection, options: SQLiteStoreOptions(), unreadableRows: UnreadableRows(nil), now: clock.read)
            func work(round: Int) throws -> Int {
                // The first call of a sort prepares its statements.
                try call.run(writer, at: clock.now, round: 2 * round)
                let before = connection.machineSteps
                try call.run(writer, at: clock.now, round: 2 * round + 1)
                return connection.machineSteps - before
            }
            try connection.execute("BEGIN")
            try self.fill(writer, 0..<400, at: clock.now)
            try writer.finishTransaction()
            let few = try work(round: 0)
            try self.fill(writer, 400..<4000, at: clock.now)
            try writer.finishTransaction()
            let many = try work(round: 1)
            #expect(Double(many) <= Double(few) * 1.2 + 10, "\(few) steps before, \(many) after")
        }
    }
}
