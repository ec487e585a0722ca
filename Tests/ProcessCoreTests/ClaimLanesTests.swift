import Testing

@testable import ProcessCore

@Suite("Which parked claim is woken")
struct ClaimLanesTests {
    /// In an object, so that an expectation may change them.
    private final class Lanes {
        private var lanes = ClaimLanes()

        var parkedCount: Int { self.lanes.parkedCount }
        func enter(_ queues: [String]) -> ClaimTicket { self.lanes.enter(queues) }
        func park(_ ticket: ClaimTicket) -> Bool { self.lanes.park(ticket) }
        func wake(_ queue: String) -> ClaimTicket? { self.lanes.wake(queue, remembering: true) }
        func tick() -> [ClaimTicket] { self.lanes.wakeOneOfEach(remembering: false) }
        func leave(_ ticket: ClaimTicket, _ departure: ChangeHub.Departure) -> [ClaimTicket] {
            self.lanes.leave(ticket, departure)
        }
    }

    private let lanes = Lanes()

    /// Parks a claim that found nothing.
    private func parked(_ queues: String...) -> ClaimTicket {
        let ticket = self.lanes.enter(queues)
        #expect(self.lanes.park(ticket))
        return ticket
    }

    @Test("one claim for each due process, in the order in which they came")
    func firstInFirstOut() {
        let tickets = [self.parked("q"), self.parked("q", "r"), self.parked("q")]
        for ticket in tickets { #expect(self.lanes.wake("q") === ticket) }
        #expect(self.lanes.wake("q") == nil)
        #expect(self.lanes.wake("r") == nil, "the one that waits for both is awake")
        #expect(self.lanes.wake("nobody") == nil)
    }

    @Test("one that was woken in vain keeps its place")
    func keepsItsPlace() {
        let first = self.parked("q")
        let second = self.parked("q")
        #expect(self.lanes.wake("q") === first)
        #expect(self.lanes.park(first))
        #expect(self.lanes.wake("q") === first)
        #expect(self.lanes.wake("q") === second)
    }

    @Test("a notice while everybody looks makes one of them look again, and no more")
    func owed() {
        let first = self.lanes.enter(["q"])
        let second = self.lanes.enter(["q"])
        #expect(self.lanes.wake("q") == nil)
        #expect(self.lanes.park(first) == false, "it looks again")
        #expect(self.lanes.park(second))
        #expect(self.lanes.park(first))
        for _ in 0..<5 { _ = self.lanes.wake("q") }
        #expect(self.lanes.park(second) == false)
        #expect(self.lanes.park(first) == false)
        #expect(self.lanes.park(first), "never more often than there were looking")
    }

    @Test("the slow timer is not remembered")
    func notRemembered() {
        let ticket = self.lanes.enter(["q"])
        #expect(self.lanes.tick().isEmpty)
        #expect(self.lanes.park(ticket))
        #expect(self.lanes.tick().count == 1)
    }

    @Test("one that goes while awake passes the wake on; one that goes while parked does not")
    func passesOn() {
        let first = self.parked("q")
        let second = self.parked("q")
        let third = self.parked("q")
        #expect(self.lanes.leave(second, .gone).isEmpty)
        #expect(self.lanes.wake("q") === first)
        #expect(self.lanes.leave(first, .gone).first === third)
        #expect(self.lanes.leave(third, .failed).isEmpty)
    }

    @Test("one that took as much as it wanted wakes the next; one that found less does not")
    func chain() {
        let first = self.parked("q")
        let second = self.parked("q")
        let third = self.parked("q")
        #expect(self.lanes.wake("q") === first)
        #expect(self.lanes.leave(first, .found(queues: ["q"], mayBeMore: true)).first === second)
        #expect(self.lanes.leave(second, .found(queues: ["q"], mayBeMore: false)).isEmpty)
        #expect(self.lanes.parkedCount == 1)
        #expect(self.lanes.leave(third, .gone).isEmpty)
        #expect(self.lanes.parkedCount == 0)
    }

    @Test("one that was woken for a queue and took from another wakes the next of the first")
    func otherQueue() {
        let both = self.parked("q", "r")
        let waiting = self.parked("q")
        #expect(self.lanes.wake("q") === both)
        #expect(self.lanes.leave(both, .found(queues: ["r"], mayBeMore: true)).first === waiting)
    }

    @Test("a wake that nobody is left for is forgotten")
    func forgotten() {
        let ticket = self.lanes.enter(["q"])
        #expect(self.lanes.wake("q") == nil)
        #expect(self.lanes.leave(ticket, .found(queues: ["q"], mayBeMore: true)).isEmpty)
        _ = self.parked("q")
        #expect(self.lanes.parkedCount == 1)
    }

    @Test("a queue named twice counts once")
    func twice() {
        let ticket = self.parked("q", "q")
        #expect(self.lanes.wake("q") === ticket)
        #expect(self.lanes.leave(ticket, .gone).isEmpty)
    }
}

@Suite("A signal", .timeLimit(.minutes(3)))
struct ChangeSignalTests {
    @Test("one that was set before the wait counts, once")
    func before() async {
        let signal = ChangeSignal()
        signal.set()
        signal.set()
        #expect(await signal.wait())
        signal.end()
        #expect(await signal.wait() == false)
        #expect(await signal.wait() == false)
        signal.set()
        #expect(await signal.wait(), "what was set is not lost to the end")
    }

    @Test("whoever waits is woken from any task, however often")
    func race() async {
        for _ in 0..<200 {
            let signal = ChangeSignal()
            async let woken = signal.wait()
            await withTaskGroup { group in for _ in 0..<4 { group.addTask { signal.set() } } }
            #expect(await woken)
        }
    }
}

@Suite("The hub", .timeLimit(.minutes(3)))
struct ChangeHubTests {
    private let a = ProcessID(trusted: "a")
    private let b = ProcessID(trusted: "b")

    @Test("nobody is registered once everybody has left, whatever ended the wait")
    func noLeak() async {
        let hub = ChangeHub()
        for ending in 0..<3 {
            let ticket = hub.enter(["q"])
            async let parked = hub.park(ticket)
            switch ending {
            case 0: hub.take(.changed(self.a, revision: 1, status: .pending, dueQueue: "q"))
            case 1: ticket.signal.end()
            default: hub.take(.missed)
            }
            #expect(await parked == (ending != 1))
            hub.leave(ticket, .gone)
        }
        let signal = hub.watch(self.a)
        hub.take(.removed(self.a))
        #expect(await signal.wait())
        hub.unwatch(self.a, signal)
        #expect(hub.registeredCount == 0)
        #expect(hub.parkedCount == 0)
    }

    @Test("a watch hears of its process, of a removal and of what may have been missed, and of nothing else")
    func watch() async {
        let hub = ChangeHub()
        let signal = hub.watch(self.a)
        defer { hub.unwatch(self.a, signal) }
        hub.take(.changed(self.b, revision: 1, status: .running, dueQueue: nil))
        hub.take(.removed(self.b))
        signal.end()
        #expect(await signal.wait() == false)
        for notice in [
            ChangeNotice.changed(self.a, revision: 2, status: .running, dueQueue: nil), .removed(self.a), .missed,
        ] {
            hub.take(notice)
            #expect(await signal.wait())
        }
    }

    @Test("output wakes those who follow it, and nobody who waits for the record")
    func output() async {
        let hub = ChangeHub()
        let (record, output) = (hub.watch(self.a), hub.watch(self.a, for: .output))
        defer {
            hub.unwatch(self.a, record)
            hub.unwatch(self.a, output)
        }
        func expectWoken(by notice: ChangeNotice, record isRecordWoken: Bool, output isOutputWoken: Bool) async {
            hub.take(notice)
            for (signal, isWoken) in [(record, isRecordWoken), (output, isOutputWoken)] {
                // Whoever was not woken would wait for ever, but for this.
                signal.end()
                #expect(await signal.wait() == isWoken, "\(notice)")
            }
        }
        await expectWoken(by: .appended(self.a, last: 1), record: false, output: true)
        await expectWoken(by: .appended(self.b, last: 1), record: false, output: false)
        await expectWoken(
            by: .changed(self.a, revision: 2, status: .running, dueQueue: nil), record: true, output: false)
        await expectWoken(
            by: .changed(self.a, revision: 3, status: .completed, dueQueue: nil), record: true, output: true)
        await expectWoken(by: .removed(self.a), record: true, output: true)
        await expectWoken(by: .missed, record: true, output: true)
    }

    @Test("a due process wakes one of a thousand")
    func noHerd() async {
        let hub = ChangeHub()
        let tickets = (0..<1000).map { _ in hub.enter(["q"]) }
        await withTaskGroup(of: Bool.self) { group in
            for ticket in tickets { group.addTask { await hub.park(ticket) } }
            while hub.parkedCount < 1000 { await Task.yield() }
            hub.take(.changed(self.a, revision: 1, status: .pending, dueQueue: "q"))
            #expect(await group.next() == true)
            #expect(hub.parkedCount == 999)
            for ticket in tickets { ticket.signal.end() }
            #expect(await group.reduce(0) { $0 + ($1 ? 1 : 0) } == 0)
        }
        for ticket in tickets { hub.leave(ticket, .failed) }
        #expect(hub.registeredCount == 0)
    }
}
