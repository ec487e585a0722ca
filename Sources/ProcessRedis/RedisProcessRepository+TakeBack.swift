internal import ProcessCore

extension RedisProcessRepository {
    /// Removes what a plain insert wrote before or after the command that failed, such as that on a key of another type.
    func takeBack(_ record: ProcessRecord, because failure: String) async throws(ProcessRepositoryError) {
        let id = record.id.text
        var commands = RedisCommands()
        commands.append("UNLINK", [self.keys.process + id])
        commands.append("SREM", [self.keys.ids, id])
        for entry in record.fixedIndexEntries + record.mutableIndexEntries {
            commands.append("ZREM", [self.keys.prefix + entry.key, id])
        }
        do throws(ProcessRepositoryError) {
            try await self.client.send(commands, .writes, for: "taking back the insert") {
                (reply) throws(RedisReply.Surprise) in
                try reply.skipSuccess()
            }
        } catch {
            throw ProcessRepositoryError(
                .outcomeUnknown, "Redis did a part of the insert only, and it could not be taken back: \(failure)",
                underlying: error,
                explanation: .init(reason: "a part of the change was refused", advice: "look at the process"))
        }
    }
}
