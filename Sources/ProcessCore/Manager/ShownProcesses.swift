/// What a follower of many processes has been shown: so that nothing is shown twice, and what leaves its filter is shown once
/// more.
struct ShownProcesses {
    /// How many are remembered; of more, those shown first are forgotten, as if they had never been shown.
    static let capacity = 10_000
    /// How many are read at a time.
    static let readLimit = 100

    private struct Entry {
        var revision: Int64
        var isFinished: Bool
    }

    private let filter: ProcessQuery
    private var entries: [ProcessID: Entry] = [:]
    /// The ids in the order they were shown first; those that are forgotten stay until there are too many.
    private var order: [ProcessID] = []

    init(filter: ProcessQuery) {
        self.filter = filter
    }

    /// The latest of those that may still change and are not among the newest, to be read where notices were lost.
    func unfinished(besides newest: [ProcessRecord]) -> [ProcessID] {
        var ids: [ProcessID] = []
        for id in self.order.reversed() where self.entries[id]?.isFinished == false {
            ids.append(id)
            if ids.count == Self.readLimit { break }
        }
        let known = Set(newest.map(\.id))
        return ids.filter { !known.contains($0) }
    }

    /// What to show of the newest processes, the oldest of them first.
    ///
    /// Not inlined, nor is the other: the task that follows would keep room for the records at hand as long as it lives.
    @inline(never)
    mutating func changes(to newest: [ProcessRecord]) -> [FollowedChange] {
        newest.reversed().compactMap { self.change(to: .found($0), $0.id) }
    }

    /// What to show of processes that were read.
    @inline(never)
    mutating func changes(to lookups: [ProcessLookup], of ids: [ProcessID]) -> [FollowedChange] {
        zip(ids, lookups).compactMap { self.change(to: $1, $0) }
    }

    /// What to show of a process that was read, if anything.
    private mutating func change(to lookup: ProcessLookup, _ id: ProcessID) -> FollowedChange? {
        switch lookup {
        case .corrupt: return nil
        case .missing, .removed: return self.entries.removeValue(forKey: id).map { _ in .removed(id) }
        case .found(let record):
            let entry = self.entries[id]
            if entry?.revision == record.revision { return nil }
            guard self.filter.matches(record) else {
                return self.entries.removeValue(forKey: id).map { _ in .changed(record) }
            }
            if entry == nil { self.remember(id) }
            self.entries[id] = Entry(revision: record.revision, isFinished: record.status.isFinished)
            return .changed(record)
        }
    }

    private mutating func remember(_ id: ProcessID) {
        self.order.append(id)
        guard self.order.count > Self.capacity * 2 else { return }
        var kept: Set<ProcessID> = []
        let latest = self.order.reversed().filter { self.entries[$0] != nil && kept.insert($0).inserted }
        self.order = latest.prefix(Self.capacity).reversed()
        for id in latest.dropFirst(Self.capacity) { self.entries[id] = nil }
        self.order.append(id)
    }
}
