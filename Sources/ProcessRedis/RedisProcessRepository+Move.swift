public import ProcessCore

extension RedisProcessRepository: MoveTarget {
    /// See ``MoveTarget``. One round trip.
    public func keep(
        _ chunks: [StreamChunk], of id: ProcessID, after index: Int64
    ) async throws(ProcessRepositoryError) -> KeptOutput {
        try await self.run(.keepOutput) { commands in
            commands.add(id.text)
            commands.add(index)
            for chunk in chunks {
                commands.add(chunk.index)
                commands.add(chunk.type)
                commands.add(chunk.data.bytes)
            }
        } _: { (reply) throws(RedisReply.Surprise) -> KeptOutput in
            switch try reply.string() {
            case "kept": return .kept
            case "incomplete": return .incomplete
            case "known": return .known
            case "foreign": return .foreign
            default: throw .unexpected("what came of output that moves")
            }
        }
    }

    /// See ``MoveTarget``. One round trip.
    public func insert(_ process: MovingProcess) async throws(ProcessRepositoryError) -> InsertOutcome {
        let insertion = ProcessInsertion(
            process.record, idempotency: process.idempotency, requiresParent: false)
        return try await self.insertChecked(insertion, output: process.output)
    }
}
