/// A new process on its way into a store, with what has to be checked in the same atomic step.
public struct ProcessInsertion: Hashable, Sendable {
    /// The process, in any state: a new one, or one that moves here from another store.
    public var record: ProcessRecord
    /// Whether the id was just made and cannot be taken, so that a store need not look.
    public var hasGeneratedID: Bool
    /// The caller's idempotency key, where it sent one.
    public var idempotency: Idempotency?
    /// How many processes there may be in all; `nil` is no bound.
    public var maximumCount: Int?
    /// Whether the parent that the record names must exist; not asked of what moves here from another store.
    public var requiresParent: Bool

    /// A key under which the same start, sent again, finds the first one's process.
    public struct Idempotency: Hashable, Sendable {
        /// The key, of identifier shape.
        public var key: String
        /// What tells one body from another; two with the same fingerprint are the same.
        public var fingerprint: String
        /// How long the key is remembered.
        public var lifetime: Duration

        /// Takes the three parts.
        public init(key: String, fingerprint: String, lifetime: Duration) {
            self.key = key
            self.fingerprint = fingerprint
            self.lifetime = lifetime
        }
    }

    /// Takes a record and what is to be checked.
    public init(
        _ record: ProcessRecord, hasGeneratedID: Bool = false, idempotency: Idempotency? = nil,
        maximumCount: Int? = nil, requiresParent: Bool = true
    ) {
        self.record = record
        self.hasGeneratedID = hasGeneratedID
        self.idempotency = idempotency
        self.maximumCount = maximumCount
        self.requiresParent = requiresParent
    }
}

/// What came of an insert.
public enum InsertOutcome: Hashable, Sendable {
    /// The record is kept.
    case inserted
    /// The same key with the same fingerprint came before; this is what is known of its process now. A later process of the
    /// same id is another one, so it is `missing` then.
    case replayed(ProcessLookup)
    /// The same key came before with another fingerprint.
    case idempotencyMismatch
    /// The id is taken, by what the lookup shows (`found`, or `corrupt`).
    case exists(ProcessLookup)
    /// The id was used before, and its process was removed; or that process, or the parent, was moved to another store.
    case removed(Tombstone)
    /// The parent that the record names is not there.
    case parentMissing
    /// There are as many processes as there may be.
    case full
}

/// What came of a replace.
public enum ReplaceOutcome: Hashable, Sendable {
    /// The record is kept in the place of the one before.
    case replaced
    /// The revision was another, or the process is gone; this is what is known of it now.
    case conflict(ProcessLookup)
    /// The store's clock has not reached the time that was given.
    case tooEarly
}
