/// The claims that wait for work or are about to, by queue, and which of them is woken next.
///
/// A claim is *busy* while it looks into the store and *parked* while it waits; a parked one keeps the place that it came
/// in at, however often it is woken in vain.
struct ClaimLanes {
    private struct Lane {
        var parked = SortedIndex<ClaimTicket>(chunkLimit: 64)
        /// How many claims of this queue look into the store right now.
        var busyCount = 0
        /// How many due processes were announced while nobody was parked: the store may not have shown them to those that
        /// were looking, so as many of those look again before they park. Never more than there are busy ones.
        var owedCount = 0

        mutating func owe() { self.owedCount = min(self.owedCount + 1, self.busyCount) }

        mutating func endBusy() {
            self.busyCount -= 1
            self.owedCount = min(self.owedCount, self.busyCount)
        }
    }

    private var lanes: [String: Lane] = [:]
    private var lastNumber: Int64 = 0
    private(set) var parkedCount = 0
    private(set) var isClosed = false

    /// Begins a claim, busy at first.
    mutating func enter(_ queues: [String]) -> ClaimTicket {
        self.lastNumber += 1
        let ticket = ClaimTicket(number: self.lastNumber, queues: Array(Set(queues)))
        for queue in ticket.queues { self.lanes[queue, default: Lane()].busyCount += 1 }
        return ticket
    }

    /// Parks a claim that found nothing.
    ///
    /// - Returns: Whether it is parked; if not, something came while it looked and it has to look again.
    mutating func park(_ ticket: ClaimTicket) -> Bool {
        if let queue = ticket.queues.first(where: { self.lanes[$0, default: Lane()].owedCount > 0 }) {
            self.lanes[queue]?.owedCount -= 1
            ticket.wokenFor = queue
            return false
        }
        ticket.wokenFor = nil
        ticket.isParked = true
        self.parkedCount += 1
        for queue in ticket.queues {
            self.lanes[queue]?.endBusy()
            self.lanes[queue]?.parked.insert(ticket, score: ticket.number)
        }
        return true
    }

    /// Wakes the longest waiting claim of a queue.
    ///
    /// - Parameters:
    ///   - queue: The queue that may have work.
    ///   - remembering: Whether one that looks right now has to look again where nobody is parked.
    /// - Returns: The claim to be told, which counts as busy already.
    mutating func wake(_ queue: String, remembering: Bool) -> ClaimTicket? {
        guard let ticket = self.lanes[queue]?.parked.first?.element else {
            if remembering { self.lanes[queue]?.owe() }
            return nil
        }
        self.unpark(ticket)
        for queue in ticket.queues { self.lanes[queue]?.busyCount += 1 }
        ticket.wokenFor = queue
        return ticket
    }

    /// Wakes one claim of each queue.
    mutating func wakeOneOfEach(remembering: Bool) -> [ClaimTicket] {
        Array(self.lanes.keys).compactMap { self.wake($0, remembering: remembering) }
    }

    /// Ends a claim.
    ///
    /// - Returns: The claims to be told, in the place of this one or for what it left.
    mutating func leave(_ ticket: ClaimTicket, _ departure: ChangeHub.Departure) -> [ClaimTicket] {
        if ticket.isParked {
            self.unpark(ticket)
        } else {
            for queue in ticket.queues {
                self.lanes[queue]?.endBusy()
            }
        }
        let unserved: Set<String> =
            switch departure {
            case .found(let queues, mayBeMore: true): queues.union([ticket.wokenFor].compactMap { $0 })
            case .found(_, mayBeMore: false), .failed: []
            case .gone: Set([ticket.wokenFor].compactMap { $0 })
            }
        let woken = unserved.sorted().compactMap { self.wake($0, remembering: true) }
        for queue in ticket.queues {
            if let lane = self.lanes[queue], lane.busyCount == 0, lane.parked.isEmpty { self.lanes[queue] = nil }
        }
        return woken
    }

    /// Takes note that nobody is to wait any more.
    ///
    /// - Returns: Everybody who is parked.
    mutating func close() -> [ClaimTicket] {
        self.isClosed = true
        var tickets: [ObjectIdentifier: ClaimTicket] = [:]
        for lane in self.lanes.values {
            var position = lane.parked.start
            while position != lane.parked.end {
                let ticket = lane.parked[position].element
                tickets[ObjectIdentifier(ticket)] = ticket
                position = lane.parked.position(after: position)
            }
        }
        return Array(tickets.values)
    }

    private mutating func unpark(_ ticket: ClaimTicket) {
        ticket.isParked = false
        self.parkedCount -= 1
        for queue in ticket.queues { self.lanes[queue]?.parked.remove(score: ticket.number, id: ticket.sortID) }
    }
}

/// One claim that waits or is about to.
///
/// `@unchecked Sendable`: what is `var` belongs to the ``ClaimLanes`` that made it, which are only touched under their
/// hub's lock.
final class ClaimTicket: SortedIndexElement, @unchecked Sendable {
    let number: Int64
    /// Each queue once.
    let queues: [String]
    let signal = ChangeSignal()
    fileprivate var isParked = false
    /// The queue for whose work it was woken, until it has found nothing there.
    fileprivate var wokenFor: String?

    fileprivate init(number: Int64, queues: [String]) {
        self.number = number
        self.queues = queues
    }

    /// Numbers differ, so the order never asks for it.
    var sortID: String { "" }
}
