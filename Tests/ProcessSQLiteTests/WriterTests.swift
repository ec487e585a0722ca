import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessSQLite

@Suite("The writer", .timeLimit(.minutes(3)))
struct WriterTests {
    /// Does something while somebody else has the file locked, until as many writes wait as are asked for.
    private func whileLocked(
        _ path: String, until count: Int, of store: SQLiteProcessRepository, also: () async -> Void = {}
    ) async throws {
        let other = try SQLiteConnection(path: path, mode: .readWrite, busyTimeout: .seconds(5))
        try other.execute("BEGIN IMMEDIATE")
        let before = store.acceptedWrites
        await also()
        while store.acceptedWrites < before + count { await Task.yield() }
        try other.execute("COMMIT")
    }

    @Test("writes that wait together are kept by one transaction")
    func groupCommit() async throws {
        try await withStore { store, path in
            let before = store.writeStatistics
            try await withThrowingTaskGroup(of: InsertOutcome.self) { group in
                try await self.whileLocked(path, until: 100, of: store) {
                    for index in 0..<100 {
                        group.addTask {
                            try await store.insert(ProcessInsertion(.started(ProcessID(trusted: "p\(index)"))))
                        }
                    }
                }
                for try await outcome in group { #expect(outcome == .inserted) }
            }
            // Those that were there when the writer met the lock, and all the others.
            let after = store.writeStatistics
            #expect(after.writes - before.writes == 100)
            #expect(after.transactions - before.transactions <= 2)
            #expect(try await store.counts().total == 100)
        }
    }

    @Test("a transaction takes a bounded number of writes and bytes", arguments: [true, false])
    func bounds(byBytes: Bool) async throws {
        var options = SQLiteStoreOptions()
        if byBytes { options.mostBytesInTransaction = 10_000 } else { options.mostWritesInTransaction = 10 }
        try await withStore(options) { store, path in
            let input = try JSONText(validating: "\"\(String(repeating: "x", count: 1000))\"")
            try await withThrowingTaskGroup(of: InsertOutcome.self) { group in
                try await self.whileLocked(path, until: 100, of: store) {
                    for index in 0..<100 {
                        group.addTask {
                            let record = ProcessRecord.started(ProcessID(trusted: "p\(index)")) { $0.input = input }
                            return try await store.insert(ProcessInsertion(record))
                        }
                    }
                }
                for try await outcome in group { #expect(outcome == .inserted) }
            }
            #expect(store.writeStatistics.transactions >= 10)
        }
    }

    @Test("a write that fails takes none of those with it that share its transaction")
    func oneFails() async throws {
        var options = SQLiteStoreOptions()
        options.maximumPages = 300
        try await withStore(options) { store, path in
            let huge = try JSONText(validating: "\"\(String(repeating: "x", count: 2_000_000))\"")
            let outcomes = await withTaskGroup(of: (Int, ProcessRepositoryError.Code?).self) { group in
                try? await self.whileLocked(path, until: 20, of: store) {
                    for index in 0..<20 {
                        group.addTask {
                            let record = ProcessRecord.started(ProcessID(trusted: "p\(index)")) {
                                if index == 7 { $0.input = huge }
                            }
                            do throws(ProcessRepositoryError) {
                                _ = try await store.insert(ProcessInsertion(record))
                                return (index, nil)
                            } catch {
                                return (index, error.code)
                            }
                        }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(outcomes == [7: .storeFull])
            #expect(try await store.counts().total == 19)
            #expect(try await store.find("p7") == .missing)
            #expect(try SQLiteProcessRepository.check(path: path) == [])
        }
    }

    @Test("a full store says so, goes on reading, and works again once there is room")
    func fullStore() async throws {
        var options = SQLiteStoreOptions()
        options.maximumPages = 200
        let clock = ManualClock()
        try await withStore(options, clock: clock) { store, path in
            let input = try JSONText(validating: "\"\(String(repeating: "x", count: 4000))\"")
            func insert(_ index: Int) async throws(ProcessRepositoryError) {
                var record = ProcessRecord.started(ProcessID(trusted: "p\(index)")) { $0.input = input }
                record.finish(at: clock.now)
                _ = try await store.insert(ProcessInsertion(record))
            }
            var count = 0
            var error: ProcessRepositoryError?
            while error == nil, count < 1000 {
                do throws(ProcessRepositoryError) {
                    try await insert(count)
                    count += 1
                } catch let caught {
                    error = caught
                }
            }
            #expect(error?.code == .storeFull)
            #expect(error?.explanation?.reason.contains("no room") == true)
            #expect(try await store.counts().total == count)
            // There may be room for a trial, and for looking for others' changes, but not for what was asked.
            for _ in 1...2 {
                _ = try await store.write(length: 0) { writer throws(SQLiteError) in try writer.foreignVersion() }
                #expect(await store.health().state == .degraded)
            }
            #expect(try await store.find(ProcessID(trusted: "p\(count)")) == .missing)
            _ = try await store.record("p0")
            #expect(try await store.page(ProcessQuery()).records.count == min(count, 100))

            #expect(try await store.removeEverythingFinished().count == count)
            #expect(await store.health().state == .ok)
            try await insert(count)
            #expect(try SQLiteProcessRepository.check(path: path) == [])
        }
    }

    @Test("health says at once that writes have long been waiting for the file's lock")
    func lockedFile() async throws {
        var options = SQLiteStoreOptions()
        options.busyTimeout = .seconds(120)
        options.longLockWait = .zero
        try await withStore(options) { store, path in
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await self.whileLocked(path, until: 1, of: store) {
                    group.addTask { try await store.keep(.started("one")) }
                    while store.writeStatistics.waitsSince == nil { await Task.yield() }
                    let health = await store.health()
                    #expect(health.state == .degraded)
                    #expect(health.reason?.contains("another program has held the lock") == true)
                }
                try await group.waitForAll()
            }
            #expect(await store.health().state == .ok)
        }
    }

    @Test("health is degraded as long as nothing can be written")
    func degraded() async throws {
        var options = SQLiteStoreOptions()
        options.busyTimeout = .milliseconds(20)
        try await withStore(options) { store, path in
            let other = try SQLiteConnection(path: path, mode: .readWrite, busyTimeout: .zero)
            try other.execute("BEGIN IMMEDIATE")
            do throws(ProcessRepositoryError) {
                _ = try await store.insert(ProcessInsertion(.started("one")))
                Issue.record("it was written")
            } catch {
                #expect(error.code == .unavailable)
                #expect(error.explanation?.reason.contains("holds the lock") == true)
            }
            #expect(try await store.find("one") == .missing)
            #expect(await store.health().state == .degraded)
            try other.execute("COMMIT")
            #expect(await store.health().state == .ok)
            try await store.keep(.started("one"))
        }
    }

    @Test("a cancelled task's write is kept, and its task is told so")
    func cancelled() async throws {
        try await withStore { store, path in
            let outcome = try await withThrowingTaskGroup(of: InsertOutcome.self) { group in
                try await self.whileLocked(path, until: 1, of: store) {
                    group.addTask { try await store.insert(ProcessInsertion(.started("one"))) }
                    group.cancelAll()
                }
                return try await group.next()
            }
            #expect(outcome == .inserted)
            _ = try await store.record("one")
        }
    }

    @Test("closing keeps the writes that wait")
    func closing() async throws {
        try await withStore { store, path in
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await self.whileLocked(path, until: 50, of: store) {
                    for index in 0..<50 {
                        group.addTask { try await store.keep(.started(ProcessID(trusted: "p\(index)"))) }
                    }
                    while store.acceptedWrites < 50 { await Task.yield() }
                    group.addTask { await store.close() }
                }
                try await group.waitForAll()
            }
            await expectCode(.unavailable) { _ = try await store.find("p0") }
            let again = try openStore(path)
            #expect(try await again.counts().total == 50)
            await again.close()
        }
    }

    @Test("two instances that write at once lose nothing and starve neither")
    func twoWriters() async throws {
        try await withStore { first, path in
            let second = try openStore(path)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, store) in [first, second].enumerated() {
                    for caller in 0..<8 {
                        group.addTask {
                            for index in 0..<50 {
                                try await store.keep(
                                    .queued(ProcessID(trusted: "p-\(number)-\(caller)-\(index)")))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await first.counts().byQueue == ["default": 800])
            #expect(try await second.counts().byQueue == ["default": 800])
            await second.close()
            #expect(try SQLiteProcessRepository.check(path: path) == [])
        }
    }

    @Test(
        "a file that is mostly unused gives its pages back, and one that can't does not go on for ever",
        arguments: [true, false])
    func shrinking(canShrink: Bool) async throws {
        let clock = ManualClock()
        try await withStore(clock: clock) { first, path in
            await first.close()
            if !canShrink { try edit(path, "PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM") }
            let store = try openStore(path, clock: clock)
            let input = try JSONText(validating: "\"\(String(repeating: "x", count: 40_000))\"")
            for index in 0..<150 {
                var record = ProcessRecord.started(ProcessID(trusted: "p\(index)")) { $0.input = input }
                record.finish(at: clock.now)
                try await store.keep(record)
            }
            let pages = try SQLiteConnection(path: path, mode: .readOnly, busyTimeout: .zero)
            let before = try pages.integer("PRAGMA page_count")
            try await store.removeEverythingFinished()
            while try await store.forgetExpired() {}
            let after = try pages.integer("PRAGMA page_count")
            #expect(canShrink ? after < before * 3 / 4 : after >= before, "\(before) pages before, \(after) after")
            await store.close()
            #expect(try SQLiteProcessRepository.check(path: path) == [])
        }
    }

    @Test("what changed between being found and being removed stays, unless it may still go")
    func changedCandidates() async throws {
        let clock = ManualClock()
        try await withStore(clock: clock) { store, path in
            for id in ["same", "retried", "retained", "touched", "gone"] as [ProcessID] {
                var record = ProcessRecord.started(id)
                record.finish(at: clock.now)
                try await store.keep(record)
            }
            await store.close()
            let connection = try SQLiteConnection(path: path, mode: .readWrite, busyTimeout: .seconds(5))
            let writer = try StoreWriter(
                connection, options: SQLiteStoreOptions(), unreadableRows: UnreadableRows(nil), now: clock.read)
            let request = CleanupRequest(.expired(finishedBy: clock.now, at: clock.now))
            let candidates = try writer.reader.candidates(request).found
            #expect(candidates.count == 5)
            func change(_ id: ProcessID, _ body: (inout ProcessRecord) -> Void) throws {
                guard case .found(let old) = try writer.reader.lookup(id, at: clock.now) else {
                    throw RecordMissing(id: id)
                }
                var record = old
                body(&record)
                record.revision += 1
                #expect(try writer.update(record, over: old, at: clock.now))
            }
            try change("retried") { ($0.status, $0.finishedAt) = (.running, nil) }
            try change("retained") { $0.retain = .forever }
            try change("touched") { $0.updatedAt = clock.now + .seconds(1) }
            #expect(try writer.remove(candidates.filter { $0.id == "gone" }, request).count == 1)
            #expect(Set(try writer.remove(candidates, request).map(\.id)) == ["same", "touched"])
        }
    }

    @Test("the oldest tombstones are dropped where there are too many")
    func tombstoneBound() async throws {
        var options = SQLiteStoreOptions()
        options.maximumTombstones = 3
        let clock = ManualClock()
        try await withStore(options, clock: clock) { store, path in
            for index in 0..<5 {
                var record = ProcessRecord.started(ProcessID(trusted: "p\(index)"))
                record.finish(at: clock.now)
                try await store.keep(record)
                // The later ones are remembered for less long, and still stay.
                try await store.removeEverythingFinished(tombstoneLifetime: .seconds(100 - index))
                clock.advance(by: .seconds(1))
            }
            let lookups = try await store.find((0..<5).map { ProcessID(trusted: "p\($0)") })
            #expect(lookups.map { $0 == .missing } == [true, true, false, false, false])
            #expect(try SQLiteProcessRepository.check(path: path) == [])
        }
    }
}

extension ProcessRecord {
    /// Ends it, as far as a store is concerned.
    mutating func finish(at now: Timestamp) {
        self.status = .completed
        self.finishedAt = now
    }
}
