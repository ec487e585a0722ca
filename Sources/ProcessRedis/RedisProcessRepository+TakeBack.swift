internal import ProcessCore

extension RedisProcessRepository {
    /// Removes what a plain insert wrote before or after the command that failed, such as that on a key of another type.
    ///
    /// Somebody may have claimed the process meanwhile, who must not be left with work that is gone: then it stays.
    func takeBack(_ record: ProcessRecord, because failure: String) async throws(ProcessRepositoryError) {
        var underlying: ProcessRepositoryError?
        do throws(ProcessRepositoryError) {
            let isGone = try await self.run(.takeBack) { commands in
                commands.add(record.id.text)
                commands.add(record.revision)
                for entry in record.fixedIndexEntries + record.mutableIndexEntries { commands.add(entry.key) }
            } _: { (reply) throws(RedisReply.Surprise) -> Bool in
                try reply.integer() == 1
            }
            if isGone { return }
        } catch {
            underlying = error
        }
        throw ProcessRepositoryError(
            .outcomeUnknown, "Redis did a part of the insert only, and it could not be taken back: \(failure)",
            underlying: underlying,
            explanation: .init(reason: "a part of the change was refused", advice: "look at the process"))
    }
}
