internal import ProcessCore

/// One page of a list in the making: merges the indexes it walks, and stops at the bounds of the page.
struct RedisWalk {
    /// One index, as far as it has been read.
    struct Index {
        /// Its key without the prefix.
        let key: String
        /// The entry read last, or the one to begin after.
        fileprivate(set) var last: RedisIndexMember?
        fileprivate var members: ArraySlice<RedisIndexMember> = []
        fileprivate var isExhausted = false
    }

    private let query: ProcessQuery
    private var indexes: [Index]
    private var records: [ProcessRecord] = []
    private var lookedAt = 0
    private var byteCount = 0
    private var last: RedisIndexMember?
    private var pending: [RedisIndexMember] = []
    private(set) var isOver = false
    private var hasMore = false

    /// How many records to read at a time. Grows while they are small, since each is read whole.
    private var chunk = 33

    /// The lowest score, as Redis takes it.
    let lowest: String
    /// The highest.
    let highest: String

    init(query: ProcessQuery, indexes: [String]) {
        self.query = query
        self.lowest = query.createdAfter.map { "(\($0.milliseconds)" } ?? "-inf"
        self.highest = query.createdBefore.map { "(\($0.milliseconds)" } ?? "+inf"
        let after = query.after.map { RedisIndexMember(id: $0.id, score: $0.createdAt.milliseconds) }
        self.indexes = indexes.map { Index(key: $0, last: after) }
    }

    /// How many entries the page still needs, as far as those so far tell how many pass the filter.
    var needed: Int {
        // One more tells whether there is another page.
        let missing = min(self.query.limit - self.records.count, Self.mostEntries) + 1
        let share = max(self.lookedAt, 1) * missing / max(self.records.count, 1)
        return min(max(share, self.lookedAt == 0 ? 1 : Self.fewestEntries), Self.mostEntries)
    }

    /// The indexes whose next entries have to be known before the walk can go on.
    var indexesToRead: [Index] { self.indexes.filter { $0.members.isEmpty && !$0.isExhausted } }

    /// Takes the next entries of an index.
    mutating func take(_ members: [RedisIndexMember], from key: String) {
        guard let position = self.indexes.firstIndex(where: { $0.key == key }) else { return }
        self.indexes[position].members = members[...]
        self.indexes[position].isExhausted = members.count < self.needed
        if let last = members.last { self.indexes[position].last = last }
    }

    /// The ids to read next, in order, as far as it is known.
    mutating func nextIDs() -> [ProcessID] {
        self.pending = []
        let count = min(self.chunk, self.needed)
        while self.pending.count < count {
            // Behind the end of what was read of an index, one may stand that comes first.
            if self.indexes.contains(where: { $0.members.isEmpty && !$0.isExhausted }) { break }
            let heads = self.indexes.indices.compactMap { index in
                self.indexes[index].members.first.map { (index, $0) }
            }
            let first = heads.min { left, right in
                switch self.query.order {
                case .oldest: (left.1.score, left.1.id) < (right.1.score, right.1.id)
                case .newest: (left.1.score, left.1.id) > (right.1.score, right.1.id)
                }
            }
            guard let (index, member) = first else { break }
            self.indexes[index].members.removeFirst()
            // A process that changed its status between two reads stands in both.
            if self.pending.last?.id != member.id { self.pending.append(member) }
        }
        if self.pending.isEmpty { self.isOver = self.indexes.allSatisfy { $0.members.isEmpty && $0.isExhausted } }
        return self.pending.map(\.id)
    }

    /// Takes what was found under the ids asked for last.
    mutating func take(_ hashes: [(id: ProcessID, hash: RedisHash)]) {
        for (member, found) in zip(self.pending, hashes) {
            if self.isFull {
                self.hasMore = true
                self.isOver = true
                return
            }
            self.last = member
            self.lookedAt += 1
            guard case .record(let record) = found.hash, self.query.matches(record) else { continue }
            self.records.append(record)
            self.byteCount += record.payloadSize
        }
        if self.isFull, self.indexes.allSatisfy({ $0.members.isEmpty && $0.isExhausted }) {
            self.isOver = true
        }
        if !self.pending.isEmpty {
            let average = self.byteCount / max(self.records.count, 1) + 512
            self.chunk = max(Self.chunkByteCount / average, Self.fewestEntries)
        }
    }

    /// About how many bytes are read at a time.
    private static let chunkByteCount = 512 << 10
    /// So many entries are read at a time, unless the first few are all that is wanted.
    private static let fewestEntries = 8
    private static let mostEntries = 500

    private var isFull: Bool {
        self.records.count >= self.query.limit || self.lookedAt >= self.query.walkLimit
            || self.byteCount >= self.query.byteLimit
    }

    /// The page, once the walk is over.
    var page: ProcessPage {
        let next = self.last.map { last in
            ProcessQuery.Cursor(createdAt: Timestamp(milliseconds: last.score), id: last.id)
        }
        return ProcessPage(records: self.records, next: self.hasMore ? next : nil)
    }
}

extension ProcessRecord {
    /// How many bytes its payloads have.
    fileprivate var payloadSize: Int {
        (self.input?.count ?? 0) + (self.result?.count ?? 0) + (self.failure?.details?.count ?? 0)
    }
}
