import Synchronization

/// A removed process as the in-memory store remembers it.
final class InMemoryTombstone: SortedIndexElement, Sendable {
    let tombstone: Tombstone
    let expiresAt: Timestamp

    init(_ tombstone: Tombstone, expiresAt: Timestamp) {
        self.tombstone = tombstone
        self.expiresAt = expiresAt
    }

    var sortID: String { self.tombstone.id.text }
}

/// One part of what the in-memory store knows by id, with a lock of its own that is only ever held for one entry.
///
/// A class, because a lock can't be moved and an array moves its elements.
final class InMemoryShard: Sendable {
    /// What is known by id; an id is in one of the two, or in neither.
    struct Contents {
        var entries: [ProcessID: InMemoryEntry] = [:]
        var tombstones: [ProcessID: InMemoryTombstone] = [:]
    }

    let contents = Mutex(Contents())

    /// What is known of an id.
    ///
    /// - Parameters:
    ///   - id: Which one.
    ///   - now: The clock, which is read only where it matters.
    /// - Returns: What is known of it.
    @inline(__always)
    func lookup(_ id: ProcessID, now: () -> Timestamp) -> ProcessLookup {
        self.contents.withLock { contents in
            if let entry = contents.entries[id] { return .found(ProcessRecord(entry)) }
            if let known = contents.tombstones[id], known.expiresAt > now() { return .removed(known.tombstone) }
            return .missing
        }
    }
}

/// All parts, chosen by id.
struct InMemoryShards: Sendable {
    /// A power of two: so many that two threads rarely meet, and that a part's dictionary grows in a short time.
    private static let count = 128

    private let shards = (0..<Self.count).map { _ in InMemoryShard() }

    /// The part an id belongs to.
    ///
    /// Told from the last bytes, which differ the most in ids of every sort, so that the id is hashed in full only once.
    /// Ids made to meet in one part cost nothing but the sharing of its lock.
    @inline(__always)
    subscript(_ id: ProcessID) -> InMemoryShard {
        var word: UInt64 = 0
        let isContiguous: Void? = id.text.utf8.withContiguousStorageIfAvailable { bytes in
            for byte in bytes.suffix(8) { word = word << 8 | UInt64(byte) }
        }
        if isContiguous == nil {
            for byte in id.text.utf8.suffix(8) { word = word << 8 | UInt64(byte) }
        }
        return self.shards[Int(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> 57)]
    }
}
