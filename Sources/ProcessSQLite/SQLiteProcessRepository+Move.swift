public import ProcessCore

/// Processes on their way to another store.
public struct MovingBatch: Hashable, Sendable {
    /// The processes.
    public internal(set) var processes: [MovingProcess]
    /// Where to go on; `nil` where there are no more.
    public internal(set) var next: Int64?
}

// A process moves in three steps: it is taken out of reach here, inserted there, and forgotten here. Whatever ends the move
// in between, it is in one place where it can be changed, or in none; and nothing that was acknowledged is lost.
extension SQLiteProcessRepository {
    /// Takes processes out of reach, in one step with reading them: from then on every instance answers that they were moved.
    ///
    /// - Parameters:
    ///   - place: Where the batch before ended; 0 at first.
    ///   - limit: How many at the most, 1 or more.
    /// - Returns: What was taken.
    /// - Throws: `unavailable`, `storeFull`.
    public func beginMoving(after place: Int64, limit: Int) async throws(ProcessRepositoryError) -> MovingBatch {
        try await self.write(length: 0) { writer throws(SQLiteError) in
            try writer.beginMoving(after: place, limit: limit)
        }
    }

    /// Reads what an earlier move, or another instance's, took out of reach and has not forgotten.
    ///
    /// - Parameters:
    ///   - place: Where the batch before ended; 0 at first.
    ///   - limit: How many at the most, 1 or more.
    /// - Returns: What is there.
    /// - Throws: `unavailable`.
    public func moving(after place: Int64, limit: Int) async throws(ProcessRepositoryError) -> MovingBatch {
        try await self.read { [now = self.now()] reader throws(SQLiteError) in
            try reader.moving(after: place, limit: limit, at: now)
        }
    }

    /// Reads some of the output of a process that moves.
    ///
    /// - Parameters:
    ///   - id: Which process.
    ///   - index: The index after which to begin; 0 for the first chunk that is kept.
    ///   - limit: How many chunks at the most, 1 or more.
    ///   - byteLimit: How many bytes at the most, but for a single chunk that is larger.
    /// - Returns: The chunks; none where there are no more.
    /// - Throws: `unavailable`; `unexpectedAnswer` where a chunk can't be read.
    public func movingChunks(
        of id: ProcessID, after index: Int64, limit: Int, byteLimit: Int
    ) async throws(ProcessRepositoryError) -> [StreamChunk] {
        try await self.read { reader throws(SQLiteError) in
            try reader.movingChunks(of: id, after: index, limit: limit, byteLimit: byteLimit)
        }
    }

    /// Forgets processes that have arrived, but for their ids.
    ///
    /// - Parameters:
    ///   - ids: Which ones.
    ///   - lifetime: For how long it is remembered that they were moved.
    /// - Throws: `unavailable`, `storeFull`.
    public func endMoving(
        _ ids: [ProcessID], rememberedFor lifetime: Duration
    ) async throws(ProcessRepositoryError) {
        try await self.write(length: 0) { writer throws(SQLiteError) in
            try writer.endMoving(ids, rememberedFor: lifetime)
        }
    }
}
