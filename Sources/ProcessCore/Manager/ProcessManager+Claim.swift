extension ProcessManager {
    /// Hands out due processes to a worker; where there are none, waits for some.
    ///
    /// Nothing is taken for a caller whose task was cancelled before the store was asked. Where it is cancelled while the
    /// store is asked, what was claimed stays claimed until its lease passes: it can't be told from a worker that died.
    ///
    /// - Parameters:
    ///   - request: The queues, how many at the most, and who claims.
    ///   - limit: How long to wait for the first one; not at all where it is zero.
    /// - Returns: The processes as they are after their claim; none where time was up or the task was cancelled.
    /// - Throws: `store`.
    public func claim(
        _ request: ClaimRequest, waitingUpTo limit: Duration = .zero
    ) async throws(ProcessError) -> [ProcessRecord] {
        guard limit > .zero else { return try await self.claimNow(request) }
        let ticket = self.hub.enter(request.queues)
        let result = await withTaskCancellationHandler {
            await self.claim(request, waitingUpTo: limit, as: ticket)
        } onCancel: {
            ticket.signal.end()
        }
        return try result.get()
    }

    private func claim(
        _ request: ClaimRequest, waitingUpTo limit: Duration, as ticket: ClaimTicket
    ) async -> Result<[ProcessRecord], ProcessError> {
        var timer: Task<Void, Never>?
        defer { timer?.cancel() }
        repeat {
            guard !Task.isCancelled else { break }
            let claimed: [ProcessRecord]
            do {
                claimed = try await self.claimNow(request)
            } catch {
                self.hub.leave(ticket, .failed)
                return .failure(error)
            }
            if !claimed.isEmpty {
                let queues = Set(claimed.compactMap(\.queue))
                let isFull = request.isFull(claimed.count, bytes: claimed.reduce(0) { $0 + $1.inputBytes })
                self.hub.leave(ticket, .found(queues: queues, mayBeMore: isFull))
                return .success(claimed)
            }
            if timer == nil { timer = self.hub.end(ticket.signal, after: limit) }
        } while await self.hub.park(ticket)
        self.hub.leave(ticket, .gone)
        return .success([])
    }

    private func claimNow(_ request: ClaimRequest) async throws(ProcessError) -> [ProcessRecord] {
        guard !Task.isCancelled else { return [] }
        let claimed: [ProcessRecord]
        do { claimed = try await self.repository.claim(request) } catch { throw .store(error) }
        if !claimed.isEmpty { self.observer.didClaim(claimed) }
        return claimed
    }
}
