/// The processes of one queue, in the orders a claim and a list need.
struct InMemoryQueue: Sendable {
    /// The due ones of one priority, by `createdAt`.
    private struct Level: Sendable {
        let priority: Int
        var due: SortedIndex<InMemoryEntry>
    }

    /// All of them, whatever their status, by `createdAt`.
    var all = SortedIndex<InMemoryEntry>()
    /// Those that wait for a time, by it.
    private(set) var delayed = SortedIndex<InMemoryEntry>()
    /// The due ones, the highest priority first; no level is empty.
    private var levels: [Level] = []
    private var dueCount = 0

    /// How many wait, the delayed ones included.
    var depth: Int { self.dueCount + self.delayed.count }

    /// The next one to be handed out.
    var head: InMemoryEntry? { self.levels.first?.due.first?.element }

    /// Since when the one that has been due for the longest has been due; see ``ProcessCounts/oldestDue``.
    func oldestDue(at now: Timestamp) -> Timestamp? {
        var oldest = Self.oldestDue(among: self.delayed, at: now, before: nil)
        for level in self.levels { oldest = Self.oldestDue(among: level.due, at: now, before: oldest) }
        return oldest
    }

    /// The same among some of them, in the order of one of the two times that must have come for a process to be due: those
    /// behind can't have been due for longer than that.
    private static func oldestDue(
        among index: SortedIndex<InMemoryEntry>, at now: Timestamp, before known: Timestamp?
    ) -> Timestamp? {
        var oldest = known
        var position = index.start
        var looked = 0
        while position != index.end, looked < ProcessCounts.dueSearchLimit {
            let item = index[position]
            if let oldest, item.score >= oldest.milliseconds { break }
            let since = max(item.element.createdAt, item.element.runAfter ?? item.element.createdAt)
            if item.element.runAfter.map({ $0 <= now }) ?? true { oldest = min(oldest ?? since, since) }
            position = index.position(after: position)
            looked += 1
        }
        return oldest
    }

    /// Puts a pending process among the due or the delayed ones.
    mutating func add(_ entry: InMemoryEntry, now: Timestamp) {
        if let runAfter = entry.runAfter, runAfter > now {
            entry.isDelayed = true
            self.delayed.insert(entry, score: runAfter.milliseconds)
            return
        }
        entry.isDelayed = false
        let index = self.level(entry.priority)
        if index == self.levels.count || self.levels[index].priority != entry.priority {
            self.levels.insert(Level(priority: entry.priority, due: SortedIndex()), at: index)
        }
        self.levels[index].due.insert(entry, score: entry.createdAt.milliseconds)
        self.dueCount += 1
    }

    /// Takes a process out of where it waits.
    ///
    /// - Parameters:
    ///   - entry: The process.
    ///   - runAfter: The time it had when it was put there.
    mutating func remove(_ entry: InMemoryEntry, runAfter: Timestamp?) {
        if entry.isDelayed {
            entry.isDelayed = false
            self.delayed.remove(score: runAfter?.milliseconds ?? 0, id: entry.sortID)
            return
        }
        let index = self.level(entry.priority)
        self.levels[index].due.remove(score: entry.createdAt.milliseconds, id: entry.sortID)
        if self.levels[index].due.isEmpty { self.levels.remove(at: index) }
        self.dueCount -= 1
    }

    /// Puts a process where it belongs now that the clock shows another time than when it was put where it is.
    mutating func place(_ entry: InMemoryEntry, again now: Timestamp) {
        self.remove(entry, runAfter: entry.runAfter)
        self.add(entry, now: now)
    }

    /// The place of the first level whose priority is not above one.
    private func level(_ priority: Int) -> Int {
        var low = 0
        var high = self.levels.count
        while low < high {
            let middle = (low + high) / 2
            if self.levels[middle].priority > priority { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Whether nothing at all is there.
    var isEmpty: Bool { self.all.isEmpty && self.depth == 0 }
}
