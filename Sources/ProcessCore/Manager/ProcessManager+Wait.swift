extension ProcessManager {
    /// Looks at a process, and goes on looking until it is as somebody wants it, or time is up.
    ///
    /// No change is missed between two looks, on whatever instance it was made, and none is waited for longer than the
    /// slow timer of the hub takes where its notice was lost. States that were passed through meanwhile may not be seen.
    ///
    /// - Parameters:
    ///   - id: Which one.
    ///   - limit: How long to wait.
    ///   - isWanted: Whether the process is as it should be.
    /// - Returns: The process as it was seen last, wanted or not.
    /// - Throws: `notFound`, `removed` (also where it is removed meanwhile), `corrupt`, `store`.
    public func find(
        _ id: ProcessID, waitingUpTo limit: Duration, until isWanted: @escaping @Sendable (ProcessRecord) -> Bool
    ) async throws(ProcessError) -> ProcessRecord {
        let signal = self.hub.watch(id)
        defer { self.hub.unwatch(id, signal) }
        let result = await withTaskCancellationHandler {
            await self.find(id, waitingUpTo: limit, with: signal, until: isWanted)
        } onCancel: {
            signal.end()
        }
        return try result.get()
    }

    private func find(
        _ id: ProcessID, waitingUpTo limit: Duration, with signal: ChangeSignal,
        until isWanted: @escaping @Sendable (ProcessRecord) -> Bool
    ) async -> Result<ProcessRecord, ProcessError> {
        var timer: Task<Void, Never>?
        defer { timer?.cancel() }
        do throws(ProcessError) {
            var record = try await self.find(id)
            var goesOn = true
            while goesOn, !isWanted(record) {
                if timer == nil { timer = self.hub.end(signal, after: limit) }
                goesOn = await signal.wait()
                // Whoever has gone needs no last look.
                if Task.isCancelled { break }
                record = try await self.find(id)
            }
            return .success(record)
        } catch {
            return .failure(error)
        }
    }
}
