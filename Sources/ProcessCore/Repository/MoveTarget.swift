/// A process on its way from one store to another.
public struct MovingProcess: Hashable, Sendable {
    /// The process, as it is and stays until it has arrived.
    public var record: ProcessRecord
    /// Where its output has come to; `nil` where it has put out nothing.
    public var output: StreamAppend.Position?
    /// The key that it was started with, for as long as that is still remembered; `nil` where there is none.
    public var idempotency: ProcessInsertion.Idempotency?

    /// Takes the parts.
    public init(
        _ record: ProcessRecord, output: StreamAppend.Position? = nil,
        idempotency: ProcessInsertion.Idempotency? = nil
    ) {
        self.record = record
        self.output = output
        self.idempotency = idempotency
    }
}

/// A store that processes of another one are moved into, with their output and their idempotency keys.
///
/// The chunks come first, in portions, and then the process: before it is there, nobody can add to them or see them. Both may
/// be done twice, and by several at once, for what moves does not change meanwhile.
public protocol MoveTarget: Sendable {
    /// Keeps a portion of the output of a process that is to come.
    ///
    /// - Parameters:
    ///   - chunks: The portion, in order; may be empty where `index` is 0.
    ///   - id: The process.
    ///   - index: The index of the last chunk of the portion before; 0 for the first one, which replaces what was left under
    ///     this id by another process.
    /// - Returns: What came of it.
    /// - Throws: `unavailable`, `outcomeUnknown`, `storeFull`, `unexpectedAnswer`.
    func keep(
        _ chunks: [StreamChunk], of id: ProcessID, after index: Int64
    ) async throws(ProcessRepositoryError) -> KeptOutput

    /// Keeps a process whose chunks are there, if its id and its key are free.
    ///
    /// - Parameter process: The process, in any state; its parent need not be there.
    /// - Returns: What came of it.
    /// - Throws: `unavailable`, `outcomeUnknown`, `storeFull`, `unexpectedAnswer`.
    func insert(_ process: MovingProcess) async throws(ProcessRepositoryError) -> InsertOutcome
}

/// What came of a portion of output on its way into a store.
public enum KeptOutput: Hashable, Sendable {
    /// It is there.
    case kept
    /// Somebody removed the portion before: begin with the first one again.
    case incomplete
    /// The id is known already, and its output stays as it is.
    case known
    /// What is under the key of its output is not ours.
    case foreign
}
