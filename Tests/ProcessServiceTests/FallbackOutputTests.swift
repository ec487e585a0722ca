import ProcessCore
import ProcessRedis
import ProcessStorage
import ProcessTestSupport
import Synchronization
import Testing

@testable import ProcessSQLite

@Suite("FallbackMigration of output", .timeLimit(.minutes(3)))
struct FallbackOutputTests {
    private let clock = ManualClock()

    private func withStores(
        _ body: (SQLiteProcessRepository, RedisProcessRepository, FallbackStores) async throws -> Void
    ) async throws {
        try await FallbackStores.with(self.clock, body)
    }

    /// Has a process put out so many chunks that they do not fit into one portion, and no more are kept than `kept`.
    private func putOut(
        _ count: Int, by id: ProcessID, attempt: Int? = nil, keeping kept: Int = 10_000,
        in store: any ProcessRepository
    ) async throws {
        for start in stride(from: 0, to: count, by: 500) {
            let output = (start..<min(start + 500, count)).map { StreamOutput(stringLiteral: "\($0)") }
            let append = StreamAppend(to: id, output, attempt: attempt, keptChunks: kept)
            guard case .appended = try await store.append(append) else {
                Issue.record("not appended")
                return
            }
        }
    }

    private func allOutput(of id: ProcessID, in store: any ProcessRepository) async throws -> StreamPage {
        var page = try await store.page(of: id, limit: 1000)
        while let last = page.chunks.last?.index, last < page.last {
            page.chunks += try await store.page(of: id, after: last, limit: 1000).chunks
        }
        return page
    }

    /// Takes the first claim of a queue away from its worker, and claims again.
    private func claimTwice(_ queue: String, in store: any ProcessRepository, output: StreamOutput) async throws {
        let manager = ProcessManager(repository: store)
        var claim = ClaimRequest(queues: [queue])
        claim.claim.lease = .seconds(10)
        for attempt in 1...2 {
            let claimed = try await store.claim(claim)
            #expect(claimed.map(\.attempt) == [attempt])
            try await store.append(to: claimed[0].id, output, attempt: attempt)
            guard attempt == 1 else { return }
            self.clock.advance(by: .seconds(11))
            _ = try await manager.endOverdue()
            self.clock.advance(by: .seconds(3600))
        }
    }

    @Test("output moves with its process, under its indexes, and its worker goes on where it was")
    func everything() async throws {
        try await self.withStores { file, target, _ in
            try await file.keep(
                .started("long"), .started("trimmed"), .started("silent"), .started("old"),
                .queued("queued", in: "q") { $0.maxAttempts = 3 })
            try await self.putOut(2500, by: "long", in: file)
            try await self.putOut(1500, by: "trimmed", keeping: 1200, in: file)
            try await file.append(to: "old", "1", "2")
            try await file.change("old", by: .complete(result: nil))
            self.clock.advance(by: .seconds(7200))
            while try await file.removeStreams(endedBy: self.clock.now - .seconds(3600)) {}
            try await self.claimTwice("q", in: file, output: #""x""#)
            var before: [ProcessID: StreamPage] = [:]
            for id in ["long", "trimmed", "silent", "old", "queued"] as [ProcessID] {
                before[id] = try await self.allOutput(of: id, in: file)
            }
            #expect(before["trimmed"]?.chunks.count == 1200 && before["old"]?.chunks == [])
            #expect(before["queued"]?.chunks.map(\.type) == ["content", "restart", "content"])

            let report = await FallbackMigration.move(from: file, to: target)
            #expect(report.moved == 5 && report.failure == nil, "\(report)")
            for (id, page) in before { #expect(try await self.allOutput(of: id, in: target) == page, "\(id)") }
            #expect(try await target.append(to: "long", "0") == 2501...2501)
            #expect(try await target.append(to: "trimmed", "0", keeping: 1200) == 1501...1501)
            #expect(try await target.append(to: "silent", "0") == 1...1)
            #expect(try await target.append(to: "queued", "0", attempt: 2) == 4...4)
        }
    }

    @Test("a worker whose last append was answered to nobody repeats it after the move, and it is there once")
    func repeated() async throws {
        try await self.withStores { file, target, _ in
            try await file.keep(.started("a"))
            try await file.append(to: "a", "1", "2", at: 1)
            let report = await FallbackMigration.move(from: file, to: target)
            #expect(report.moved == 1, "\(report)")
            let range = try await ProcessManager(repository: target).append(["1", "2"], to: "a", firstIndex: 1)
            #expect(range == 1...2)
            #expect(try await target.page(of: "a").chunks == [.content(1, "1"), .content(2, "2")])
        }
    }

    @Test(
        "a move that ends at any portion, whether or not it was kept, is gone on with, and each chunk is there once",
        arguments: [false, true])
    func interrupted(isKept: Bool) async throws {
        try await self.withStores { file, target, _ in
            try await file.keep(.started("a"))
            try await self.putOut(3500, by: "a", in: file)
            let before = try await self.allOutput(of: "a", in: file)
            // Four portions, and the process; the call after them is not made.
            for end in 0..<5 {
                let left = Atomic(end)
                let fail: @Sendable () throws(ProcessRepositoryError) -> Void = { () throws(ProcessRepositoryError) in
                    guard left.subtract(1, ordering: .relaxed).oldValue > 0 else {
                        throw ProcessRepositoryError(.outcomeUnknown, "no more")
                    }
                }
                let failing =
                    isKept ? InterposedTarget(target, after: fail) : InterposedTarget(target, before: fail)
                let report = await FallbackMigration.move(from: file, to: failing)
                #expect(report.moved == 0 && report.failure != nil, "\(end): \(report)")
                #expect(try await (target.find("a") == .missing) == !(isKept && end == 4), "\(end)")
                while try await file.removeStreams(endedBy: self.clock.now + .seconds(1)) {}
            }
            let report = await FallbackMigration.move(from: file, to: target)
            #expect(report.moved == (isKept ? 0 : 1) && report.failure == nil, "\(report)")
            #expect(try await self.allOutput(of: "a", in: target) == before)
        }
    }

    @Test("two moves at once, and a worker that goes on in between, put nothing twice and take nothing away")
    func twoAtOnce() async throws {
        try await self.withStores { file, target, _ in
            try await file.keep(.started("a"))
            try await self.putOut(2500, by: "a", in: file)
            let moved = Atomic(0)
            let isFirst = Atomic(true)
            // The other one comes when the first has kept a portion, does everything, and the worker appends.
            let slow = InterposedTarget(
                target,
                after: { () async throws(ProcessRepositoryError) in
                    guard isFirst.exchange(false, ordering: .relaxed) else { return }
                    let report = await FallbackMigration.move(from: file, to: target)
                    moved.add(report.moved, ordering: .relaxed)
                    _ = try await target.append(StreamAppend(to: "a", ["0"]))
                })
            let report = await FallbackMigration.move(from: file, to: slow)
            #expect(moved.load(ordering: .relaxed) == 1)
            #expect(report.moved == 0 && report.kept == 0 && report.failure == nil, "\(report)")
            let page = try await self.allOutput(of: "a", in: target)
            #expect(page.last == 2501 && page.chunks.map(\.index) == Array(1...2501))
        }
    }

    @Test("where somebody removes a portion before the process is there, all of them are sent again")
    func removedInBetween() async throws {
        try await self.withStores { file, target, stores in
            try await file.keep(.started("a"))
            try await self.putOut(2500, by: "a", in: file)
            let calls = Atomic(0)
            let spoilt = InterposedTarget(
                target,
                after: { () throws(ProcessRepositoryError) in
                    guard calls.add(1, ordering: .relaxed).newValue == 2 else { return }
                    _ = try? stores.server.run("UNLINK", "process_stream:a")
                })
            let report = await FallbackMigration.move(from: file, to: spoilt)
            #expect(report.moved == 1, "\(report)")
            #expect(calls.load(ordering: .relaxed) == 7, "two portions, one in vain, three, and the process")
            #expect(try await self.allOutput(of: "a", in: target).chunks.map(\.index) == Array(1...2500))
        }
    }

    @Test("what an earlier process of the id left is not mistaken for its output")
    func leftover() async throws {
        try await self.withStores { file, target, stores in
            try await file.keep(.started("a"), .started("b"))
            try await file.append(to: "a", "1")
            try await file.append(to: "b", "1")
            try await file.change("b", by: .complete(result: nil))
            while try await file.removeStreams(endedBy: self.clock.now) {}
            let client = try stores.server.connect()
            for id in ["a", "b"] {
                for index in 1...3 {
                    try client.run("XADD", "process_stream:\(id)", "\(index)-0", "type", "content", "data", "9")
                }
            }
            let report = await FallbackMigration.move(from: file, to: target)
            #expect(report.moved == 2, "\(report)")
            #expect(try await target.page(of: "a").chunks == [.content(1, "1")])
            #expect(try await target.page(of: "b").chunks == [])
            #expect(try await target.page(of: "b").last == 1)
        }
    }

    @Test("a process whose output can't be kept, or not be read, stays in the file with it, and the others move")
    func unmovable() async throws {
        try await self.withStores { file, target, stores in
            try await file.keep(.started("a"), .started("b"), .started("known"))
            try await target.keep(.started("known", at: self.clock.now - .seconds(5)))
            try await target.append(to: "known", "9")
            for id in ["a", "b", "known"] as [ProcessID] { try await file.append(to: id, "1") }
            _ = try stores.server.run("SET", "process_stream:a", "precious")
            for _ in 0..<2 {
                let report = await FallbackMigration.move(from: file, to: target)
                #expect(report.kept == 2 && report.keptIDs == ["a", "known"] && report.failure == nil, "\(report)")
            }
            #expect(try stores.server.run("GET", "process_stream:a").text == "precious")
            #expect(try await target.find("a") == .missing)
            #expect(try await target.page(of: "known").chunks == [.content(1, "9")])
            #expect(try await target.page(of: "b").chunks == [.content(1, "1")])
            #expect(try await file.movingChunks(of: "a", after: 0, limit: 9, byteLimit: 99) == [.content(1, "1")])

            _ = try stores.server.run("DEL", "process_stream:a")
            let report = await FallbackMigration.move(from: file, to: target)
            #expect(report.moved == 1 && report.kept == 1, "\(report)")
            #expect(try await target.page(of: "a").chunks == [.content(1, "1")])
        }
    }

    @Test("a chunk that can't be read keeps its process in the file, with all its output")
    func unreadable() async throws {
        try await self.withStores { file, target, stores in
            try await file.keep(.started("a"), .started("b"))
            for id in ["a", "b"] as [ProcessID] { try await file.append(to: id, "1", "2", "3") }
            let byHand = try SQLiteConnection(path: stores.path, mode: .readWrite, busyTimeout: .seconds(5))
            try byHand.execute("UPDATE stream_chunks SET data = '{' WHERE stream = 1 AND idx = 2")
            let report = await FallbackMigration.move(from: file, to: target)
            #expect(report.keptIDs == ["a"] && report.moved == 1 && report.failure == nil, "\(report)")
            #expect(try await target.find("a") == .missing)
            try byHand.execute("UPDATE stream_chunks SET data = '2' WHERE stream = 1 AND idx = 2")
            let again = await FallbackMigration.move(from: file, to: target)
            #expect(again.moved == 1, "\(again)")
            #expect(try await target.page(of: "a").chunks == [.content(1, "1"), .content(2, "2"), .content(3, "3")])
        }
    }

    @Test("what somebody gave up in the file takes its output with it, and is in nobody's way")
    func givenUp() async throws {
        try await self.withStores { file, target, stores in
            try await file.keep(.started("a"))
            try await file.append(to: "a", "1")
            #expect(try await file.beginMoving(after: 0, limit: 9).processes.count == 1)
            let byHand = try SQLiteConnection(path: stores.path, mode: .readWrite, busyTimeout: .seconds(5))
            try byHand.execute("DELETE FROM moving WHERE id = 'a'")
            try await file.keep(.started("b"))
            try await file.append(to: "b", "2")
            let report = await FallbackMigration.move(from: file, to: target)
            #expect(report.moved == 1 && report.failure == nil, "\(report)")
            #expect(try await target.page(of: "b").chunks == [.content(1, "2")])
            while try await file.removeStreams(endedBy: self.clock.now) {}
            #expect(try byHand.integer("SELECT count(*) FROM stream_chunks") == 0)
        }
    }

    @Test("chunks whose process never comes are removed an hour later, and those of one that came are not")
    func neverComes() async throws {
        try await self.withStores { _, target, stores in
            #expect(try await target.keep([.content(1, "1")], of: "never", after: 0) == .kept)
            #expect(try await target.keep([.content(1, "1")], of: "late", after: 0) == .kept)
            let late = MovingProcess(.started("late"), output: StreamAppend.Position(last: 1, attempt: 1))
            self.clock.advance(by: .seconds(3599))
            while try await target.removeStreams(endedBy: self.clock.now) {}
            #expect(try stores.server.run("EXISTS", "process_stream:never").integer == 1)
            #expect(try await target.insert(late) == .inserted)
            self.clock.advance(by: .seconds(1))
            while try await target.removeStreams(endedBy: self.clock.now) {}
            #expect(try stores.server.run("EXISTS", "process_stream:never").integer == 0)
            #expect(try await target.page(of: "late").chunks == [.content(1, "1")])
            #expect(try stores.server.run("ZCARD", "process_streams").integer == 1)
        }
    }
}
