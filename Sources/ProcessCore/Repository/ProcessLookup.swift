/// What a store knows of an id.
public enum ProcessLookup: Hashable, Sendable {
    /// The process is there.
    case found(ProcessRecord)
    /// It was there, and a cleanup removed it.
    case removed(Tombstone)
    /// Nothing of ours is under that id, or it was removed longer ago than is remembered.
    case missing
    /// Something of ours is there and can't be read; the text says what is wrong with it.
    case corrupt(String)
}

extension ProcessLookup {
    /// The same, of one life of the id: a process that was started by it later is not the one that is meant, which is gone
    /// and forgotten then.
    ///
    /// - Parameter createdAt: When the process that is meant was created.
    /// - Returns: `missing` where another process is found, else what is known.
    public func ofProcess(createdAt: Timestamp) -> ProcessLookup {
        guard case .found(let record) = self, record.createdAt != createdAt else { return self }
        return .missing
    }
}

/// What is remembered of a process that was removed, or moved to another store.
public struct Tombstone: Hashable, Sendable {
    /// What it was known by.
    public let id: ProcessID
    /// The status it was removed in.
    public let status: ProcessStatus
    /// When it was removed.
    public let removedAt: Timestamp
    /// Whether it was moved to the store that this one stood in for, and so lives on out of reach.
    public let isMoved: Bool

    /// Takes the parts.
    public init(id: ProcessID, status: ProcessStatus, removedAt: Timestamp, isMoved: Bool = false) {
        self.id = id
        self.status = status
        self.removedAt = removedAt
        self.isMoved = isMoved
    }
}
