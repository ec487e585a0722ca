/// Output that a worker wants to add to what its process has put out: the pure functions that decide what becomes of it.
///
/// A store appends where the process takes output as it is at that moment, in one step with looking; whatever else is
/// to be decided, it leaves to ``judge(_:)`` and ``isRepeated(in:last:)``.
public struct StreamAppend: Hashable, Sendable {
    /// The process.
    public var id: ProcessID
    /// Which attempt the worker was given, where it says so.
    public var attempt: Int?
    /// The index that the first of the output must get, where the worker says so; it makes a repeat harmless.
    public var firstIndex: Int64?
    /// The output, 1 or more.
    public var output: [StreamOutput]
    /// How many chunks the process keeps at the most, 1 or more; older ones go.
    public var keptChunks: Int

    /// How many chunks a process keeps where nothing else is said.
    public static let standardKeptChunks = 10_000

    /// Takes the parts.
    public init(
        to id: ProcessID, _ output: [StreamOutput], attempt: Int? = nil, firstIndex: Int64? = nil,
        keptChunks: Int = Self.standardKeptChunks
    ) {
        self.id = id
        self.attempt = attempt
        self.firstIndex = firstIndex
        self.output = output
        self.keptChunks = keptChunks
    }

    /// Where the output of a process has come to.
    public struct Position: Hashable, Sendable {
        /// The index of the last chunk that ever was there.
        public var last: Int64
        /// The attempt that put it out.
        public var attempt: Int

        /// Takes both parts.
        public init(last: Int64, attempt: Int) {
            self.last = last
            self.attempt = attempt
        }
    }

    /// What may become of an append that is not refused.
    public enum Judgement: Hashable, Sendable {
        /// It is appended.
        case appended
        /// The process has finished; it may only be a repeat of what was appended before.
        case onlyRepeated
    }

    /// Decides whether a process takes the output.
    ///
    /// - Parameter record: The process as it is now.
    /// - Returns: What may become of it.
    /// - Throws: A refusal, judged in the order of its cases.
    public func judge(_ record: ProcessRecord) throws(ProcessTransition.Refusal) -> Judgement {
        if self.attempt == nil, record.wasClaimed { throw .missingAttempt }
        if let attempt = self.attempt, attempt != record.attempt || record.status == .pending { throw .staleAttempt }
        switch record.status {
        case .running: return .appended
        case .pending: throw .invalidTransition("the process waits in its queue and no worker has claimed it")
        case .completed, .failed, .cancelled:
            // A worker whose last append was answered to nobody may have ended the process since.
            guard self.firstIndex != nil else { throw .alreadyFinished }
            return .onlyRepeated
        }
    }

    /// Whether a process takes the output: the same as ``judge(_:)`` says, of the little that a store has at hand.
    ///
    /// - Parameters:
    ///   - status: The status of the process.
    ///   - attempt: Its attempt.
    ///   - hasQueue: Whether workers claim it from a queue.
    /// - Returns: Whether the output may be appended.
    package func isTaken(status: ProcessStatus, attempt: Int, hasQueue: Bool) -> Bool {
        status == .running && (self.attempt.map { $0 == attempt } ?? !hasQueue)
    }

    /// The index that the first of the output gets.
    ///
    /// - Parameters:
    ///   - position: Where the output of the process has come to; `nil` where there was none yet.
    ///   - attempt: The attempt that runs.
    /// - Returns: The next one, or the one after it where another attempt's output is to be marked off first.
    package static func firstIndex(after position: Position?, attempt: Int) -> Int64 {
        guard let position else { return 1 }
        return position.last + (position.attempt == attempt ? 1 : 2)
    }

    /// The chunks to be added.
    ///
    /// - Parameters:
    ///   - position: Where the output of the process has come to; `nil` where there was none yet.
    ///   - attempt: The attempt that runs.
    /// - Returns: The output with its indexes, behind a `restart` where the chunk before is of another attempt; `nil` where
    ///   the worker wants other indexes.
    package func chunks(after position: Position?, attempt: Int) -> [StreamChunk]? {
        let first = Self.firstIndex(after: position, attempt: attempt)
        if let firstIndex = self.firstIndex, firstIndex != first { return nil }
        var chunks: [StreamChunk] = []
        chunks.reserveCapacity(self.output.count + 1)
        if let position, position.attempt != attempt {
            chunks.append(.restart(index: position.last + 1, attempt: attempt))
        }
        for (offset, output) in self.output.enumerated() {
            chunks.append(StreamChunk(index: first + Int64(offset), type: output.type, data: output.data))
        }
        return chunks
    }

    /// Whether this very output is there already, under the indexes that the worker names.
    ///
    /// Chunks that were trimmed can't be compared: the others decide, and where none is left it is taken for another output.
    ///
    /// - Parameters:
    ///   - kept: What is kept of these indexes, and maybe of others.
    ///   - last: The index of the last chunk that ever was there.
    /// - Returns: Whether an append of the same was answered, or should have been.
    public func isRepeated(in kept: [StreamChunk], last: Int64) -> Bool {
        guard let range = self.range(startingAt: self.firstIndex), range.upperBound <= last else { return false }
        let compared = kept.filter { range.contains($0.index) }
        return !compared.isEmpty
            && compared.allSatisfy { chunk in
                let output = self.output[Int(chunk.index - range.lowerBound)]
                return chunk.type == output.type && chunk.data == output.data
            }
    }

    /// The indexes of the output, where the first one is known.
    ///
    /// - Parameter first: The index of the first.
    /// - Returns: The range; `nil` where there is no first one, or where no number is large enough for the last.
    package func range(startingAt first: Int64?) -> ClosedRange<Int64>? {
        guard let first, !self.output.isEmpty else { return nil }
        let (last, overflows) = first.addingReportingOverflow(Int64(self.output.count) - 1)
        return overflows ? nil : first...last
    }
}
