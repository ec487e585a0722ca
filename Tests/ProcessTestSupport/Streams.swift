public import ProcessCore
public import Testing

extension StreamOutput: ExpressibleByStringLiteral {
    /// Output of type `content`, whose data is taken as it stands in the test.
    public init(stringLiteral data: String) {
        self.init(type: "content", data: JSONText(unchecked: Array(data.utf8)))
    }
}

extension StreamChunk {
    /// A chunk of type `content`.
    ///
    /// - Parameters:
    ///   - index: Its index.
    ///   - data: Its data.
    /// - Returns: The chunk.
    public static func content(_ index: Int64, _ data: JSONText) -> StreamChunk {
        StreamChunk(index: index, type: "content", data: data)
    }

    /// What stands between two attempts.
    ///
    /// - Parameters:
    ///   - index: Its index.
    ///   - attempt: The attempt that begins.
    /// - Returns: The chunk.
    public static func restart(_ index: Int64, attempt: Int) -> StreamChunk {
        StreamChunk(
            index: index, type: StreamChunk.restartType,
            data: JSONText(unchecked: Array("{\"attempt\":\(attempt)}".utf8)))
    }
}

extension ProcessRepository {
    /// Appends output, which must be taken.
    ///
    /// - Parameters:
    ///   - id: Which process.
    ///   - output: The output.
    ///   - attempt: The attempt that the worker names.
    ///   - firstIndex: The index that it names.
    ///   - keptChunks: How many chunks are kept.
    ///   - sourceLocation: Where a failure is shown.
    /// - Returns: The indexes; `nil` where it was not taken.
    /// - Throws: What the store throws.
    @discardableResult
    public func append(
        to id: ProcessID, _ output: StreamOutput..., attempt: Int? = nil, at firstIndex: Int64? = nil,
        keeping keptChunks: Int = StreamAppend.standardKeptChunks, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ClosedRange<Int64>? {
        let outcome = try await self.append(
            StreamAppend(to: id, output, attempt: attempt, firstIndex: firstIndex, keptChunks: keptChunks))
        guard case .appended(let range) = outcome else {
            Issue.record("it should be appended, but is \(outcome)", sourceLocation: sourceLocation)
            return nil
        }
        return range
    }

    /// Reads a page of a process that must be there.
    ///
    /// - Parameters:
    ///   - id: Which process.
    ///   - index: The chunk after which to begin.
    ///   - limit: How many chunks at the most.
    ///   - byteLimit: How long they may be.
    ///   - sourceLocation: Where a failure is shown.
    /// - Returns: The page.
    /// - Throws: What the store throws, or an expectation that failed.
    public func page(
        of id: ProcessID, after index: Int64 = 0, limit: Int = 1000, byteLimit: Int = StreamPage.byteLimit,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> StreamPage {
        try #require(
            try await self.chunks(of: id, after: index, limit: limit, byteLimit: byteLimit),
            sourceLocation: sourceLocation)
    }
}
