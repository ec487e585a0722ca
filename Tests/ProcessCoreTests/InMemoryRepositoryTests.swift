import Synchronization
import Testing

@testable import ProcessCore

@Suite("InMemoryProcessRepository")
struct InMemoryRepositoryTests {
    private func id(_ number: Int) -> ProcessID { ProcessID(trusted: "p\(number)") }

    private func cleanup(_ statuses: Set<ProcessStatus>) -> CleanupRequest {
        CleanupRequest(.older(by: .at(1_000_000), statuses: statuses, includingRetained: true), limit: 10_000)
    }

    @Test("of more removed ids than are remembered, the oldest are forgotten")
    func tombstoneBound() async throws {
        let time = Atomic<Int64>(0)
        let repository = InMemoryProcessRepository(maximumTombstones: 3) { .at(time.load(ordering: .relaxed)) }
        for number in 0..<5 {
            var start = ProcessStart(kind: "report")
            start.queue = "q"
            let record = ProcessRecord(starting: start, as: self.id(number), at: .at(0))
            _ = try await repository.insert(ProcessInsertion(record))
            time.add(1_000, ordering: .relaxed)
            _ = try await repository.cleanup(self.cleanup([.pending]))
        }
        for number in 0..<2 { #expect(try await repository.find(self.id(number)) == .missing) }
        for number in 2..<5 {
            let tombstone = Tombstone(id: self.id(number), status: .pending, removedAt: .at(Int64(number + 1) * 1_000))
            #expect(try await repository.find(self.id(number)) == .removed(tombstone))
        }
    }

    @Test("what was removed leaves nothing behind in any index", arguments: 1...10 as ClosedRange<UInt64>)
    func nothingLeft(seed: UInt64) async throws {
        var random = Seeded(state: seed)
        let time = Atomic<Int64>(0)
        let repository = InMemoryProcessRepository { .at(time.load(ordering: .relaxed)) }
        for number in 0..<200 {
            var start = ProcessStart(kind: "a-kind-with-a-longer-name-\(number % 3)")
            start.queue = Bool.random(using: &random) ? "a-queue-with-a-longer-name-\(number % 4)" : nil
            start.runAfter = Bool.random(using: &random) ? .delay(.seconds(5)) : nil
            start.lease = Bool.random(using: &random) ? .seconds(9) : nil
            start.pickupTimeout = Bool.random(using: &random) ? .seconds(99) : nil
            start.retain = Bool.random(using: &random) ? .after(.seconds(3)) : nil
            start.parentID = number > 0 && Bool.random(using: &random) ? self.id(number - 1) : nil
            start.priority = number % 7
            start.maxAttempts = 3
            let record = ProcessRecord(starting: start, as: self.id(number), at: .at(Int64(number)))
            _ = try await repository.insert(ProcessInsertion(record))
        }
        let queues = (0..<4).map { "a-queue-with-a-longer-name-\($0)" }
        for _ in 0..<600 {
            time.add(Int64.random(in: -100...400, using: &random), ordering: .relaxed)
            _ = try await repository.claim(ClaimRequest(queues: queues, limit: 2))
            guard case .found(let record) = try await repository.find(self.id(Int.random(in: 0..<200, using: &random)))
            else { continue }
            let changes: [ProcessChange] = [
                .complete(result: nil), .fail(Transitions.failure, mayRetry: true), .retry, .expire, .retain(.forever),
                .cancel(reason: nil, force: true), .progress(ProgressReport()), .retain(nil),
            ]
            guard let change = changes.randomElement(using: &random) else { continue }
            let transition = ProcessTransition(
                change, attempt: change.isReport ? record.attempt : nil, at: repository.now())
            guard let next = try? transition.apply(to: record).record else { continue }
            _ = try await repository.replace(next, over: record, notBefore: nil)
        }
        // Children come after their parents, so what holds a parent is gone by a later pass.
        for _ in 0..<200 { _ = try await repository.cleanup(self.cleanup(Set(ProcessStatus.allCases))) }
        repository.indexes.withLock { indexes in
            #expect(indexes.created.isEmpty)
            #expect(indexes.kinds.isEmpty)
            #expect(indexes.queues.isEmpty)
            #expect(indexes.overdue.isEmpty)
            #expect(indexes.expiring.isEmpty)
            #expect(indexes.families.isEmpty)
            for status in ProcessStatus.allCases {
                #expect(indexes.statuses[status].isEmpty)
                #expect(indexes.finished[status].plain.isEmpty)
                #expect(indexes.finished[status].retained.isEmpty)
            }
        }
    }

    @Test("a long list, claims and writes go on side by side")
    func sideBySide() async throws {
        let repository = InMemoryProcessRepository { .at(0) }
        func record(_ number: Int) -> ProcessRecord {
            var start = ProcessStart(kind: "report")
            start.queue = "q"
            return ProcessRecord(starting: start, as: self.id(number), at: .at(Int64(number)))
        }
        for number in 0..<5_000 { _ = try await repository.insert(ProcessInsertion(record(number))) }
        try await withThrowingTaskGroup { group in
            group.addTask {
                for _ in 0..<20 {
                    var query = ProcessQuery()
                    query.limit = 10_000
                    query.order = .oldest
                    let page = try await repository.page(query)
                    // All of the first ones stay put, whatever is written behind them.
                    #expect(page.records.prefix(5_000).map(\.id) == (0..<5_000).map { self.id($0) })
                }
            }
            group.addTask {
                for number in 5_000..<6_000 { _ = try await repository.insert(ProcessInsertion(record(number))) }
            }
            group.addTask {
                for _ in 0..<500 {
                    let claimed = try await repository.claim(ClaimRequest(queues: ["q"]))
                    #expect(claimed.count == 1)
                }
            }
            try await group.waitForAll()
        }
        let counts = try await repository.counts()
        #expect(counts.byStatus == [.pending: 5_500, .running: 500])
    }
}
