/// An idempotency key as the in-memory store remembers it.
final class InMemoryKey: SortedIndexElement, Sendable {
    let key: String
    let fingerprint: String
    let id: ProcessID
    /// Tells the process from a later one of the same id.
    let createdAt: Timestamp
    let expiresAt: Timestamp

    init(_ idempotency: ProcessInsertion.Idempotency, of record: ProcessRecord, now: Timestamp) {
        self.key = idempotency.key
        self.fingerprint = idempotency.fingerprint
        self.id = record.id
        self.createdAt = record.createdAt
        self.expiresAt = now + idempotency.lifetime
    }

    var sortID: String { self.key }
}

/// What the in-memory store remembers for a while: idempotency keys, and the order in which tombstones pass.
struct InMemoryMemories: Sendable {
    private var keys: [String: InMemoryKey] = [:]
    private var keysByExpiry = SortedIndex<InMemoryKey>()
    /// The tombstones themselves are in the shards.
    private var tombstonesByExpiry = SortedIndex<InMemoryTombstone>()

    /// How many tombstones there are, those whose time has passed included.
    var tombstoneCount: Int { self.tombstonesByExpiry.count }

    /// What is remembered of a key, if its time has not passed.
    func key(_ key: String, now: Timestamp) -> InMemoryKey? {
        guard let known = self.keys[key], known.expiresAt > now else { return nil }
        return known
    }

    /// Remembers a key, in the place of one whose time has passed.
    mutating func remember(_ key: InMemoryKey) {
        if let old = self.keys.updateValue(key, forKey: key.key) {
            self.keysByExpiry.remove(score: old.expiresAt.milliseconds, id: old.sortID)
        }
        self.keysByExpiry.insert(key, score: key.expiresAt.milliseconds)
    }

    /// Forgets one key whose time has passed.
    ///
    /// - Returns: Whether there was one.
    mutating func forgetKey(now: Timestamp) -> Bool {
        guard let first = self.keysByExpiry.first, first.element.expiresAt <= now else { return false }
        self.keysByExpiry.remove(score: first.score, id: first.element.sortID)
        self.keys[first.element.key] = nil
        return true
    }

    mutating func remember(_ tombstone: InMemoryTombstone) {
        self.tombstonesByExpiry.insert(tombstone, score: tombstone.expiresAt.milliseconds)
    }

    mutating func forget(_ tombstone: InMemoryTombstone) {
        self.tombstonesByExpiry.remove(score: tombstone.expiresAt.milliseconds, id: tombstone.sortID)
    }

    /// The tombstone that passes first, whether or not it has.
    var oldestTombstone: InMemoryTombstone? { self.tombstonesByExpiry.first?.element }
}
