import ProcessCore
import ProcessRedis
import ProcessSQLite
import ProcessStorage
import ProcessTestSupport
import Synchronization
import Testing

@Suite("FallbackMigration", .timeLimit(.minutes(3)))
struct FallbackMigrationTests {
    private let clock = ManualClock()

    private func withStores(
        _ body: (SQLiteProcessRepository, RedisProcessRepository, FallbackStores) async throws -> Void
    ) async throws {
        try await FallbackStores.with(self.clock, body)
    }

    private func expectMoved(_ id: ProcessID, in file: SQLiteProcessRepository) async throws {
        guard case .removed(let tombstone) = try await file.find(id), tombstone.isMoved else {
            Issue.record("\(id) is there: \(try await file.find(id))")
            return
        }
    }

    @Test("every process is in the target as it was, and in the file nobody finds it but by its id")
    func everything() async throws {
        try await self.withStores { file, target, _ in
            let large = JSONText(unchecked: Array("\"\(String(repeating: "x", count: 5000))\"".utf8))
            let records = [
                ProcessRecord.started("one") { $0.input = large },
                .queued("two", in: "q") { $0.input = "[1, 1.10]" }, try .finished("three"),
                .started("four") { $0.parentID = "one" },
            ]
            try await file.keep(records)
            var claim = ClaimRequest(queues: ["p"])
            claim.claim.lease = .seconds(10)
            try await file.keep(.queued("five", in: "p"))
            let claimed = try await file.claim(claim)
            _ = try await file.append(to: "one", "1")

            let report = await FallbackMigration.move(from: file, to: target)
            #expect(report.moved == 5 && report.kept == 0 && report.failure == nil, "\(report)")
            for record in records + claimed {
                expectEqual(try await target.record(record.id), record)
                try await self.expectMoved(record.id, in: file)
            }
            #expect(try await file.page(ProcessQuery()).records == [])
            #expect(try await file.counts().total == 0)
            #expect(try await file.claim(ClaimRequest(queues: ["q", "p"], limit: 9)) == [])
            #expect(try await file.findOverdue(at: self.clock.now + .seconds(60), limit: 9) == [])
            #expect(try await file.moving(after: 0, limit: 9).processes == [])
            let again = await FallbackMigration.move(from: file, to: target)
            #expect(again.moved == 0 && again.kept == 0 && again.failure == nil, "\(again)")
        }
    }

    @Test("what was moved is out of reach, not gone: to reports, to starts of its id or key, and to its children")
    func outOfReach() async throws {
        try await self.withStores { file, target, _ in
            let manager = ProcessManager(repository: file)
            let key = ProcessManager.IdempotencyKey(key: "k", fingerprint: "f")
            var start = ProcessStart(kind: "report")
            start.id = "one"
            _ = try await manager.start(start, idempotency: key)
            let report = await FallbackMigration.move(from: file, to: target)
            #expect(report.moved == 1, "\(report)")

            var child = ProcessStart(kind: "report")
            child.parentID = "one"
            let calls: [@Sendable () async throws -> Void] = [
                { _ = try await manager.find("one") }, { _ = try await manager.find(["none", "one"]) },
                { _ = try await manager.change("one", .complete(result: nil)) },
                { [start] in _ = try await manager.start(start) },
                { [start] in _ = try await manager.start(start, returnsExisting: true) },
                { _ = try await manager.start(ProcessStart(kind: "report"), idempotency: key) },
                { [child] in _ = try await manager.start(child) },
                { _ = try await manager.append(["1"], to: "one") },
            ]
            for (number, call) in calls.enumerated() {
                await #expect("call \(number)") {
                    try await call()
                } throws: { error in
                    if case .moved("one") = error as? ProcessError { true } else { false }
                }
            }
            let shown = Mutex<[FollowedChange]>([])
            await manager.follow("one") { change in
                shown.withLock { $0.append(change) }
                return true
            }
            #expect(shown.withLock { $0 } == [], "it was not removed")
            #expect(try await file.counts().total == 0)

            self.clock.advance(by: .seconds(8 * 24 * 3600))
            while try await file.forgetExpired() {}
            #expect(try await file.find("one") == .missing)
        }
    }

    @Test("a move that ends at any insert, whether or not it was made, is gone on with, and nothing is in two places")
    func interrupted() async throws {
        for code in [ProcessRepositoryError.Code.outcomeUnknown, .storeFull, .unavailable] {
            try await self.withStores { file, target, stores in
                let ids = (0..<40).map { ProcessID(trusted: "p\($0)") }
                try await file.keep(ids.map { .queued($0, in: "q") })
                for end in [0, 1, 7, 20] {
                    let left = Atomic(end)
                    let failing = InterposedTarget(
                        target,
                        before: { () throws(ProcessRepositoryError) in
                            if left.subtract(1, ordering: .relaxed).oldValue <= 0 {
                                throw ProcessRepositoryError(code, "no more")
                            }
                        })
                    let report = await FallbackMigration.move(from: file, to: failing)
                    guard case .target(let error) = report.failure else {
                        Issue.record("it should have failed: \(report)")
                        continue
                    }
                    #expect(error.code == code && (end - 1...end).contains(report.moved))
                    if code == .outcomeUnknown, let lost = try await file.moving(after: 0, limit: 1).processes.first {
                        try await target.keep(lost.record)
                    }
                    let here = Set(try await file.page(ProcessQuery()).records.map(\.id))
                    for id in ids {
                        let isThere = try await target.find(id) != .missing
                        #expect(!(isThere && here.contains(id)), "\(id) is in two places")
                    }
                }
                // What was done with it in the target is not undone by a later move.
                let claimed = try await target.claim(ClaimRequest(queues: ["q"], limit: 5))
                let next = try stores.openFile()
                let report = await FallbackMigration.move(from: next, to: target)
                #expect(report.kept == 0 && report.failure == nil, "\(report)")
                await next.close()
                #expect(try await target.counts().total == 40)
                for record in claimed { expectEqual(try await target.record(record.id), record) }
            }
        }
    }

    @Test("a start that is repeated with its key after the move finds its process, until the key is forgotten")
    func keys() async throws {
        try await self.withStores { file, target, _ in
            let key = ProcessManager.IdempotencyKey(key: "k", fingerprint: "f")
            let other = ProcessManager.IdempotencyKey(key: "k", fingerprint: "g")
            let policy = CleanupPolicy(idempotencyLifetime: .seconds(60))
            let before = ProcessManager(repository: file, policy: policy)
            let after = ProcessManager(repository: target, policy: policy)
            let start = ProcessStart(kind: "report")
            guard case .started(let first) = try await before.start(start, idempotency: key) else { return }
            self.clock.advance(by: .seconds(50))
            // The first move ends behind the insert, unheard.
            let failing = InterposedTarget(
                target,
                after: { () throws(ProcessRepositoryError) in throw ProcessRepositoryError(.outcomeUnknown, "") })
            #expect(await FallbackMigration.move(from: file, to: failing).failure != nil)
            let report = await FallbackMigration.move(from: file, to: target)
            #expect(report.moved == 0 && report.kept == 0 && report.failure == nil, "\(report)")

            #expect(try await after.start(start, idempotency: key) == .replayed(first))
            await #expect("another body") {
                try await after.start(start, idempotency: other)
            } throws: { error in
                if case .idempotencyMismatch = error as? ProcessError { true } else { false }
            }
            self.clock.advance(by: .seconds(10))
            guard case .started = try await after.start(start, idempotency: key) else {
                Issue.record("the key should be forgotten, a minute after its start")
                return
            }
        }
    }

    @Test("a key that started something else in the target meanwhile stays with that, and the process moves without it")
    func usedKeys() async throws {
        try await self.withStores { file, target, _ in
            let start = ProcessStart(kind: "report")
            var there: [ProcessManager.StartOutcome] = []
            for (key, fingerprint) in [("k", "f"), ("l", "g")] {
                let before = ProcessManager.IdempotencyKey(key: key, fingerprint: "f")
                let after = ProcessManager.IdempotencyKey(key: key, fingerprint: fingerprint)
                _ = try await ProcessManager(repository: file).start(start, idempotency: before)
                there.append(try await ProcessManager(repository: target).start(start, idempotency: after))
            }
            let report = await FallbackMigration.move(from: file, to: target)
            #expect(report.moved == 2 && report.kept == 0 && report.failure == nil, "\(report)")
            #expect(try await target.counts().total == 4)
            let key = ProcessManager.IdempotencyKey(key: "k", fingerprint: "f")
            let repeated = try await ProcessManager(repository: target).start(start, idempotency: key)
            guard case .replayed(let record) = repeated, case .started(let first) = there[0] else {
                Issue.record("\(repeated)")
                return
            }
            #expect(record.id == first.id)
        }
    }

    @Test("whoever is still on the file loses nothing that was acknowledged, and is told when it moved")
    func stillInUse() async throws {
        try await self.withStores { file, target, stores in
            let ids = (0..<200).map { ProcessID(trusted: "p\($0)") }
            try await file.keep(ids.map { .started($0) })
            let other = try stores.openFile()
            let manager = ProcessManager(repository: other)
            async let reports = FallbackMigration.move(from: file, to: target)
            var acknowledged: [ProcessID: Int64] = [:]
            for id in ids.reversed() {
                do throws(ProcessError) {
                    acknowledged[id] = try await manager.change(
                        id, .progress(ProgressReport(numbers: .fraction(0.5)))
                    ).revision
                } catch {
                    guard case .moved = error else { throw error }
                }
            }
            #expect(await reports.moved == 200)
            for id in ids { #expect(try await target.record(id).revision == acknowledged[id] ?? 1, "\(id)") }
            await other.close()
        }
    }

    @Test("where the target knows another process by an id, or a removed one, it keeps that, and the file the other")
    func takenIDs() async throws {
        try await self.withStores { file, target, _ in
            try await target.keep(.started("a", at: self.clock.now - .seconds(5)), try .finished("b"))
            _ = try await target.removeEverythingFinished()
            try await file.keep(.queued("a", in: "q"), .queued("b", in: "q"), .queued("c", in: "q"))
            for _ in 0..<2 {
                let report = await FallbackMigration.move(from: file, to: target)
                #expect(report.kept == 2 && report.keptIDs == ["a", "b"] && report.failure == nil, "\(report)")
            }
            #expect(try await target.record("a").status == .running)
            #expect(try await target.counts().total == 2)
            #expect(try await file.moving(after: 0, limit: 9).processes.map(\.record.id) == ["a", "b"])
            #expect(try await file.claim(ClaimRequest(queues: ["q"], limit: 9)) == [])
            for id in ["a", "b", "c"] as [ProcessID] { try await self.expectMoved(id, in: file) }
        }
    }
}
