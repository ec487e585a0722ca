/// What came of an append.
public enum AppendOutcome: Hashable, Sendable {
    /// The output is there, under these indexes; a `restart` before it has the index before.
    case appended(ClosedRange<Int64>)
    /// The index that was asked for is not the one that comes next, which is this. Nothing has changed.
    case misplaced(next: Int64)
    /// The process does not take the output as it is; this is what it is. Nothing has changed.
    case refused(ProcessLookup)
}

/// Some of the output of a process, all of one moment.
public struct StreamPage: Hashable, Sendable {
    /// The chunks, without a hole between them.
    public var chunks: [StreamChunk]
    /// The index of the last chunk that ever was there; 0 where there was none.
    public var last: Int64
    /// The status of the process. Once it has ended, nothing is appended in this attempt.
    public var status: ProcessStatus

    /// The length of a page in an answer, in bytes; a single chunk may be longer.
    public static let byteLimit = (4 << 20) - 256

    /// Takes the three parts.
    public init(chunks: [StreamChunk], last: Int64, status: ProcessStatus) {
        self.chunks = chunks
        self.last = last
        self.status = status
    }

    /// The chunks that are missing before those of the page, since they were trimmed or removed.
    ///
    /// - Parameter index: The last chunk that the reader has; 0 where it has none.
    /// - Returns: The range; `nil` where nothing is missing.
    public func gap(after index: Int64) -> ClosedRange<Int64>? {
        let missing = (self.chunks.first?.index ?? self.last + 1) - 1
        return index < missing ? (index + 1)...missing : nil
    }
}
