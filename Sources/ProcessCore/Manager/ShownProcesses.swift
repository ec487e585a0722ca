internal import Glibc

/// What a follower of many processes has been shown: so that nothing is shown twice, and what leaves its filter is shown once
/// more.
///
/// Thousands may follow, each with the newest hundred, so this is kept small: the ids as their bytes, one behind the other, and
/// where each begins. A dictionary of texts takes four times as much.
struct ShownProcesses {
    /// How many are remembered; of more, those shown first are forgotten, as if they had never been shown.
    static let capacity = 10_000
    /// How many are read at a time.
    static let readLimit = 100

    private struct Entry {
        /// Where the bytes of its id begin. Who was shown later stands further behind.
        var start: UInt32
        var count: UInt8
        var isFinished: Bool
        var revision: Int64

        /// Where the bytes of its id are.
        var range: Range<Int> { Int(self.start)..<(Int(self.start) + Int(self.count)) }
    }

    private let filter: ProcessQuery
    /// In the order of their ids.
    private var entries: [Entry] = []
    /// The ids in the order they were shown first; those that are forgotten stay until there are too many.
    private var text: [UInt8] = []
    /// How many ids the text holds, with those that are forgotten.
    private var textCount = 0

    init(filter: ProcessQuery) {
        self.filter = filter
    }

    /// The latest of those that may still change and are not among the newest, to be read where notices were lost.
    func unfinished(besides newest: [ProcessRecord]) -> [ProcessID] {
        let known = Set(
            newest.lazy.map { self.place(of: $0.id) }.filter(\.isShown).map { self.entries[$0.place].start })
        let unfinished = self.entries.filter { !$0.isFinished }.sorted { $0.start > $1.start }
        return unfinished.prefix(Self.readLimit).filter { !known.contains($0.start) }.map {
            ProcessID(trusted: String(decoding: self.text[$0.range], as: UTF8.self))
        }
    }

    /// What to show of the newest processes, the oldest of them first.
    ///
    /// Not inlined, nor is the other: the task that follows would keep room for the records at hand as long as it lives.
    @inline(never)
    mutating func changes(to newest: [ProcessRecord]) -> [FollowedChange] {
        if self.entries.isEmpty {
            // Most will never be shown others. An array that grows by itself has room for up to twice as many.
            self.entries.reserveCapacity(newest.count)
            self.text.reserveCapacity(newest.reduce(0) { $0 + $1.id.text.utf8.count })
        }
        return newest.reversed().compactMap { self.change(to: .found($0), $0.id) }
    }

    /// What to show of processes that were read.
    @inline(never)
    mutating func changes(to lookups: [ProcessLookup], of ids: [ProcessID]) -> [FollowedChange] {
        zip(ids, lookups).compactMap { self.change(to: $1, $0) }
    }

    /// What to show of a process that was read, if anything.
    private mutating func change(to lookup: ProcessLookup, _ id: ProcessID) -> FollowedChange? {
        let (place, isShown) = self.place(of: id)
        switch lookup {
        case .corrupt: return nil
        case .missing, .removed:
            guard isShown else { return nil }
            self.entries.remove(at: place)
            return .removed(id)
        case .found(let record):
            if isShown, self.entries[place].revision == record.revision { return nil }
            guard self.filter.matches(record) else {
                guard isShown else { return nil }
                self.entries.remove(at: place)
                return .changed(record)
            }
            if isShown {
                self.entries[place].revision = record.revision
                self.entries[place].isFinished = record.status.isFinished
            } else {
                self.remember(record, at: place)
            }
            return .changed(record)
        }
    }

    /// Where an id stands among the entries or, if it does not, where it would.
    private func place(of id: ProcessID) -> (place: Int, isShown: Bool) {
        var (low, high) = (0, self.entries.count)
        var text = id.text
        return text.withUTF8 { wanted in
            while low < high {
                let middle = (low + high) / 2
                let order = self.compare(self.entries[middle], wanted)
                if order == 0 { return (middle, true) }
                if order < 0 { low = middle + 1 } else { high = middle }
            }
            return (low, false)
        }
    }

    /// Below 0 where an entry's id comes before another, above 0 where it comes after it.
    private func compare(_ entry: Entry, _ other: UnsafeBufferPointer<UInt8>) -> Int {
        self.text.withUnsafeBytes { text in
            let bytes = UnsafeRawBufferPointer(rebasing: text[entry.range])
            let order = memcmp(bytes.baseAddress!, other.baseAddress!, min(bytes.count, other.count))
            return order == 0 ? bytes.count - other.count : Int(order)
        }
    }

    private mutating func remember(_ record: ProcessRecord, at place: Int) {
        let utf8 = record.id.text.utf8
        self.entries.insert(
            Entry(
                start: UInt32(self.text.count), count: UInt8(utf8.count), isFinished: record.status.isFinished,
                revision: record.revision),
            at: place)
        self.text.append(contentsOf: utf8)
        self.textCount += 1
        if self.textCount > Self.capacity * 2 { self.forgetFirst() }
    }

    /// Forgets those shown first of more than may be kept, and gives back the room of all that are forgotten.
    private mutating func forgetFirst() {
        var text: [UInt8] = []
        self.entries = self.entries.sorted { $0.start < $1.start }.suffix(Self.capacity).map { entry in
            var entry = entry
            let bytes = self.text[entry.range]
            entry.start = UInt32(text.count)
            text.append(contentsOf: bytes)
            return entry
        }
        self.entries.sort { text[$0.range].lexicographicallyPrecedes(text[$1.range]) }
        self.text = text
        self.textCount = self.entries.count
    }
}
