import ProcessCore

/// A target of a move that a test puts in front of a real one, to let things happen at the worst moment.
struct InterposedTarget: MoveTarget {
    private let base: any MoveTarget
    private let before: @Sendable () async throws(ProcessRepositoryError) -> Void
    private let after: @Sendable () async throws(ProcessRepositoryError) -> Void

    /// Stands in front of a target.
    ///
    /// - Parameters:
    ///   - base: The real one.
    ///   - before: Happens before each call.
    ///   - after: Happens after each, and before it is answered.
    init(
        _ base: any MoveTarget,
        before: @escaping @Sendable () async throws(ProcessRepositoryError) -> Void = {},
        after: @escaping @Sendable () async throws(ProcessRepositoryError) -> Void = {}
    ) {
        self.base = base
        self.before = before
        self.after = after
    }

    func keep(
        _ chunks: [StreamChunk], of id: ProcessID, after index: Int64
    ) async throws(ProcessRepositoryError) -> KeptOutput {
        try await self.before()
        let kept = try await self.base.keep(chunks, of: id, after: index)
        try await self.after()
        return kept
    }

    func insert(_ process: MovingProcess) async throws(ProcessRepositoryError) -> InsertOutcome {
        try await self.before()
        let outcome = try await self.base.insert(process)
        try await self.after()
        return outcome
    }
}
