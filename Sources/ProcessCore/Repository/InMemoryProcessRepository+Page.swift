import Synchronization

extension InMemoryProcessRepository {
    /// How many records a list looks at before it lets others have the lock.
    private static let walkSlice = 256

    /// See ``ProcessRepository/page(_:)``.
    public func page(_ query: ProcessQuery) async throws(ProcessRepositoryError) -> ProcessPage {
        try self.checkOpen()
        var walk = InMemoryPageWalk(query)
        while !walk.isDone {
            self.indexes.withLock { indexes in walk.advance(in: indexes, by: Self.walkSlice) }
        }
        return ProcessPage(records: walk.records, next: walk.next)
    }
}

/// The walk that fills one page, in slices; between two of them the indexes may change, and the walk goes on after the
/// last record it looked at.
private struct InMemoryPageWalk {
    private let query: ProcessQuery
    private var cursor: ProcessQuery.Cursor?
    private var walked = 0
    private var payloadBytes = 0
    private(set) var records: [ProcessRecord] = []
    private(set) var isDone = false
    /// Where the next page begins, once this one is done.
    private(set) var next: ProcessQuery.Cursor?

    init(_ query: ProcessQuery) {
        self.query = query
        self.cursor = query.after
    }

    /// The part of an index that is still to be walked.
    private struct Stretch {
        let index: SortedIndex<InMemoryEntry>
        var lower: SortedIndex<InMemoryEntry>.Position
        var upper: SortedIndex<InMemoryEntry>.Position

        var isEmpty: Bool { self.lower >= self.upper }
    }

    /// Looks at the next records.
    mutating func advance(in indexes: borrowing InMemoryIndexes, by slice: Int) {
        var stretches = self.narrowest(of: indexes).map(self.stretch)
        for _ in 0..<slice {
            guard let entry = self.takeNext(from: &stretches) else {
                self.isDone = true
                return
            }
            self.look(at: entry)
            if self.isFull {
                self.isDone = true
                self.next = stretches.allSatisfy(\.isEmpty) ? nil : self.cursor
                return
            }
        }
    }

    private var isFull: Bool {
        self.records.count >= self.query.limit || self.walked >= self.query.walkLimit
            || self.payloadBytes >= self.query.byteLimit
    }

    private mutating func look(at entry: InMemoryEntry) {
        self.cursor = ProcessQuery.Cursor(createdAt: entry.createdAt, id: entry.id)
        self.walked += 1
        let record = ProcessRecord(entry)
        guard self.query.matches(record) else { return }
        self.records.append(record)
        self.payloadBytes += record.payloadBytes
    }

    /// The indexes that hold all that can match, and the fewest besides.
    private func narrowest(of indexes: borrowing InMemoryIndexes) -> [SortedIndex<InMemoryEntry>] {
        var narrowest = [indexes.created]
        func consider(_ candidates: [SortedIndex<InMemoryEntry>]) {
            // Each step of the walk looks at the head of every index, so many small ones cost more than they save.
            guard candidates.count <= 16 else { return }
            if candidates.reduce(0, { $0 + $1.count }) < narrowest.reduce(0, { $0 + $1.count }) {
                narrowest = candidates
            }
        }
        if !self.query.statuses.isEmpty { consider(self.query.statuses.map { indexes.statuses[$0] }) }
        if !self.query.kinds.isEmpty { consider(self.query.kinds.compactMap { indexes.kinds[$0] }) }
        if !self.query.queues.isEmpty { consider(self.query.queues.compactMap { indexes.queues[$0]?.all }) }
        return narrowest
    }

    private func stretch(of index: SortedIndex<InMemoryEntry>) -> Stretch {
        var stretch = Stretch(index: index, lower: index.start, upper: index.end)
        if let after = self.query.createdAfter { stretch.lower = index.position(after: after.milliseconds) }
        if let before = self.query.createdBefore { stretch.upper = index.position(notBefore: before.milliseconds) }
        guard let cursor else { return stretch }
        switch self.query.order {
        case .oldest:
            let lower = index.position(after: cursor.createdAt.milliseconds, id: cursor.id.text)
            stretch.lower = max(stretch.lower, lower)
        case .newest:
            let upper = index.position(notBefore: cursor.createdAt.milliseconds, id: cursor.id.text)
            stretch.upper = min(stretch.upper, upper)
        }
        return stretch
    }

    /// Takes the next one of all stretches, in the order asked for.
    private func takeNext(from stretches: inout [Stretch]) -> InMemoryEntry? {
        var best: (stretch: Int, item: SortedIndex<InMemoryEntry>.Item)?
        for (number, stretch) in stretches.enumerated() where !stretch.isEmpty {
            let place = self.query.order == .oldest ? stretch.lower : stretch.index.position(before: stretch.upper)
            let item = stretch.index[place]
            if let known = best?.item {
                let comesFirst = item.precedes(known.score, known.element.sortID)
                guard comesFirst == (self.query.order == .oldest) else { continue }
            }
            best = (number, item)
        }
        guard let best else { return nil }
        let stretch = stretches[best.stretch]
        switch self.query.order {
        case .oldest: stretches[best.stretch].lower = stretch.index.position(after: stretch.lower)
        case .newest: stretches[best.stretch].upper = stretch.index.position(before: stretch.upper)
        }
        return best.item.element
    }
}
