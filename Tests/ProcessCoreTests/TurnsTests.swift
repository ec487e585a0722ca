import Synchronization
import Testing

@testable import ProcessCore

@Suite("Turns", .timeLimit(.minutes(1)))
struct TurnsTests {
    private let turns = Turns(2)
    private let order = Order()

    private final class Order: Sendable {
        private let names = Mutex<[Int]>([])

        var all: [Int] { self.names.withLock { $0 } }
        func add(_ name: Int) { self.names.withLock { $0.append(name) } }
    }

    private final class Count: Sendable {
        private let numbers = Mutex((now: 0, most: 0))

        var most: Int { self.numbers.withLock { $0.most } }
        func add(_ change: Int) {
            self.numbers.withLock {
                $0.now += change
                $0.most = max($0.most, $0.now)
            }
        }
    }

    /// Has someone wait, and returns once that is so.
    private func waiter(_ name: Int) async -> Task<Bool, Never> {
        let count = self.turns.waitingCount
        let task = Task { [turns, order] in
            let hasTurn = await turns.take()
            if hasTurn { order.add(name) }
            return hasTurn
        }
        while self.turns.waitingCount == count { await Task.yield() }
        return task
    }

    private func takeAll() async {
        for _ in 0..<2 { #expect(await self.turns.take()) }
    }

    @Test("those who wait get their turns in the order in which they came")
    func firstInFirstOut() async {
        await self.takeAll()
        var waiters: [Task<Bool, Never>] = []
        for name in 0..<5 { waiters.append(await self.waiter(name)) }
        for waiter in waiters {
            self.turns.giveBack()
            #expect(await waiter.value)
        }
        #expect(self.order.all == [0, 1, 2, 3, 4])
    }

    @Test("one who is cancelled leaves at once, and the turn goes to the next")
    func cancelled() async {
        await self.takeAll()
        let (first, second) = (await self.waiter(1), await self.waiter(2))
        first.cancel()
        #expect(await first.value == false)
        #expect(self.turns.waitingCount == 1)
        self.turns.giveBack()
        #expect(await second.value)
    }

    @Test("one who was cancelled before, and would have to wait, does not")
    func cancelledBefore() async {
        await self.takeAll()
        let turns = self.turns
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await turns.take()
        }
        #expect(await task.value == false)
        #expect(self.turns.waitingCount == 0)
    }

    @Test("a turn that comes while its waiter is cancelled is not lost")
    func race() async {
        for _ in 0..<1000 {
            await self.takeAll()
            let waiter = await self.waiter(0)
            async let cancelling: Void = { waiter.cancel() }()
            self.turns.giveBack()
            self.turns.giveBack()
            await cancelling
            if await waiter.value { self.turns.giveBack() }
            // Both are free again, or the next round would wait for ever.
        }
    }

    @Test("never more at a time than there are turns")
    func bound() async {
        let count = Count()
        await withTaskGroup { group in
            for _ in 0..<500 {
                group.addTask { [turns] in
                    guard await turns.take() else { return }
                    count.add(1)
                    await Task.yield()
                    count.add(-1)
                    turns.giveBack()
                }
            }
        }
        #expect(count.most == 2)
    }
}
