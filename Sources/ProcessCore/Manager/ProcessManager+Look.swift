extension ProcessManager {
    /// How many of those who follow something may read at a time.
    ///
    /// All of them are woken together, by the hub's slow timer or by a change of what they all follow. A read under way takes
    /// more memory than the stream it is for, and what thousands took at once would not be given back to the system.
    static let looksAtATime = 64

    /// Reads something for one who follows it and uses what was found, in a task of its own.
    ///
    /// Waits for its turn before that, in the task that lives long, where waiting costs least. The turn ends with the read: to
    /// show what was found may take as long as a reader likes.
    ///
    /// - Parameters:
    ///   - read: What to read.
    ///   - use: What to do with what was found.
    /// - Returns: What `use` returns, or `nil` where the task was cancelled while it waited.
    func look<Found: Sendable, Failure, Answer: Sendable>(
        _ read: @escaping @Sendable () async throws(Failure) -> Found,
        use: @escaping @Sendable (Result<Found, Failure>) async -> Answer
    ) async -> Answer? {
        guard await self.looks.take() else { return nil }
        return await apart {
            let found: Result<Found, Failure>
            do throws(Failure) { found = .success(try await read()) } catch { found = .failure(error) }
            self.looks.giveBack()
            return await use(found)
        }
    }

    /// Looks whether there is a process, for one who is about to follow it; in turn, since thousands may come at once.
    ///
    /// - Parameter id: Which one.
    /// - Throws: `notFound`, `removed`, `corrupt`, `store`.
    public func expect(_ id: ProcessID) async throws(ProcessError) {
        let found = await self.look { () async throws(ProcessError) in
            _ = try await self.find(id)
        } use: { result in
            result
        }
        try found?.get()
    }
}
