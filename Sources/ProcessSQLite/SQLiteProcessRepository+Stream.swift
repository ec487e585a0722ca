public import ProcessCore

extension SQLiteProcessRepository {
    /// So many chunks, of so many bytes, are read at once on the caller's thread; more of them are a longer read.
    private static let mostPointChunks = 16
    private static let mostPointBytes = 64 << 10

    /// See ``ProcessRepository/append(_:)``.
    public func append(_ append: StreamAppend) async throws(ProcessRepositoryError) -> AppendOutcome {
        let length = append.output.reduce(0) { $0 + $1.data.count }
        let outcome = try await self.write(length: length) { writer throws(SQLiteError) in try writer.append(append) }
        if case .appended(let range) = outcome {
            self.listeners.tell(.appended(append.id, last: range.upperBound))
        }
        return outcome
    }

    /// See ``ProcessRepository/chunks(of:after:limit:byteLimit:)``.
    public func chunks(
        of id: ProcessID, after index: Int64, limit: Int, byteLimit: Int
    ) async throws(ProcessRepositoryError) -> StreamPage? {
        let pointLimit = min(limit, Self.mostPointChunks)
        let pointBytes = min(byteLimit, Self.mostPointBytes)
        // Whoever follows mostly finds a chunk or two.
        let page = try self.pool.read { reader throws(SQLiteError) in
            try reader.chunks(of: id, after: index, limit: pointLimit, byteLimit: pointBytes)
        }
        let isWhole = page.map { $0.chunks.last.map(\.index) ?? $0.last == $0.last } ?? true
        if isWhole || page?.chunks.count == limit { return page }
        return try await self.read { reader throws(SQLiteError) in
            try reader.chunks(of: id, after: index, limit: limit, byteLimit: byteLimit)
        }
    }

    /// See ``ProcessRepository/removeStreams(endedBy:)``.
    public func removeStreams(endedBy instant: Timestamp) async throws(ProcessRepositoryError) -> Bool {
        try await self.write(length: 0) { writer throws(SQLiteError) in try writer.removeStreams(endedBy: instant) }
    }
}
