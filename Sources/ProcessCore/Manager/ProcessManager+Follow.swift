import Synchronization

/// What a follower is shown.
public enum FollowedChange: Hashable, Sendable {
    /// A process as it is now.
    case changed(ProcessRecord)
    /// A process that is not there any more.
    case removed(ProcessID)
}

extension ProcessManager {
    /// Shows a process as it is, and each time it has changed, up to its end.
    ///
    /// The newest revision is always shown in the end, but not each one in between: whoever takes long to look skips what
    /// has passed meanwhile. A store that can't be reached is asked again, with the next change or by the hub's slow timer.
    ///
    /// Ends after a finished process was shown, or that it was removed; when the task is cancelled; and when the hub is
    /// closed.
    ///
    /// - Parameters:
    ///   - id: Which one.
    ///   - knownRevision: What the follower has seen already, and is not shown again unless it is the end.
    ///   - show: Shows a change; returns whether to go on.
    public func follow(
        _ id: ProcessID, knownRevision: Int64? = nil,
        _ show: @escaping @Sendable (FollowedChange) async -> Bool
    ) async {
        let signal = self.hub.watch(id)
        defer { self.hub.unwatch(id, signal) }
        await withTaskCancellationHandler {
            var shownRevision = knownRevision
            repeat {
                let news = await self.look {
                    try await self.repository.find(id)
                } use: { [shownRevision] lookup in
                    await self.showNews(of: id, try? lookup.get(), shownRevision, show)
                }
                switch news {
                case .nothing: break
                case .shown(let revision): shownRevision = revision
                case .end, nil: return
                }
            } while await signal.wait()
        } onCancel: {
            signal.end()
        }
    }

    private enum News: Sendable {
        case nothing
        case shown(Int64)
        case end
    }

    /// Shows a process as it was read, if there is anything new.
    private func showNews(
        of id: ProcessID, _ lookup: ProcessLookup?, _ shownRevision: Int64?, _ show: (FollowedChange) async -> Bool
    ) async -> News {
        guard let lookup else { return .nothing }
        guard case .found(let record) = lookup else {
            if case .corrupt = lookup { return .end }
            // Whoever asks again hears that it is out of reach, and goes on where it can be reached.
            if case .removed(let tombstone) = lookup, tombstone.isMoved { return .end }
            _ = await show(.removed(id))
            return .end
        }
        guard record.revision != shownRevision || record.status.isFinished else { return .nothing }
        guard await show(.changed(record)), !record.status.isFinished else { return .end }
        return .shown(record.revision)
    }

    /// Shows the newest processes that pass a filter, the oldest of them first, and from then on those that change.
    ///
    /// What was shown and does not pass the filter any more is shown once as it is then, or as removed. Changes of one process
    /// within a short time are shown as one.
    ///
    /// Ends when the task is cancelled, when the hub is closed, and where so much has changed since the last look that
    /// it is better to begin anew.
    ///
    /// - Parameters:
    ///   - filter: Which ones; its limits say how many of the newest, and with how many bytes what is shown at once is
    ///     full: that much waits for a follower who takes long.
    ///   - interval: How long to gather changes before they are read.
    ///   - show: Shows changes; returns whether to go on.
    public func followAll(
        _ filter: ProcessQuery, every interval: Duration = .milliseconds(100),
        _ show: @escaping @Sendable ([FollowedChange]) async -> Bool
    ) async {
        let feed = self.hub.follow()
        defer { self.hub.unfollow(feed) }
        await withTaskCancellationHandler {
            let shown = Mutex(ShownProcesses(filter: filter))
            feed.add(.missed)
            while await feed.signal.wait() {
                let changes = feed.take()
                if changes.areTooMany { return }
                var outcome = Outcome.shown(andToRead: [])
                if changes.areIncomplete {
                    outcome = await self.showNews(show) { () async throws(ProcessRepositoryError) in
                        let (newest, more) = try await self.newest(filter)
                        return shown.withLock { shown in
                            let others = shown.unfinished(besides: newest)
                            if more.isEmpty { return (shown.changes(to: newest), toRead: others) }
                            let ids = newest.map(\.id) + more
                            return ([], toRead: ids.reversed() + others.filter { !more.contains($0) })
                        }
                    }
                }
                var rest = changes.ids[...]
                while case .shown(let unread) = outcome, !(unread.isEmpty && rest.isEmpty) {
                    let ids = unread + rest.prefix(max(0, ShownProcesses.readLimit - unread.count))
                    rest = rest.dropFirst(ids.count - unread.count)
                    outcome = await self.showNews(show) { () async throws(ProcessRepositoryError) in
                        let lookups = try await self.repository.find(ids)
                        let count = lookups.count(withinBytes: filter.byteLimit)
                        let changes = shown.withLock { $0.changes(to: Array(lookups.prefix(count)), of: ids) }
                        return (changes, toRead: Array(ids.dropFirst(count)))
                    }
                }
                switch outcome {
                case .shown: break
                case .unread: feed.putBack()
                case .end: return
                }
                try? await self.hub.clock.sleep(for: interval)
            }
        } onCancel: {
            feed.signal.end()
        }
    }

    /// The newest processes that pass a filter: as many as there is room for, and the ids of those behind them.
    private func newest(
        _ filter: ProcessQuery
    ) async throws(ProcessRepositoryError) -> ([ProcessRecord], more: [ProcessID]) {
        let first = try await self.repository.page(filter)
        var more: [ProcessID] = []
        var page = first
        var query = filter
        // A page also ends where it has looked at enough; then there is no more to look at.
        while page.records.reduce(0, { $0 + $1.payloadBytes }) >= filter.byteLimit, let end = page.next {
            query.after = end
            query.limit = filter.limit - first.records.count - more.count
            guard query.limit > 0 else { break }
            page = try await self.repository.page(query)
            more += page.records.map(\.id)
        }
        return (first.records, more)
    }

    private enum Outcome: Sendable {
        /// There was no room for these.
        case shown(andToRead: [ProcessID])
        /// The store can't be reached.
        case unread
        case end
    }

    /// Reads changes of many processes and shows them.
    private func showNews(
        _ show: @escaping @Sendable ([FollowedChange]) async -> Bool,
        _ read: @escaping @Sendable () async throws(ProcessRepositoryError) -> ([FollowedChange], toRead: [ProcessID])
    ) async -> Outcome {
        let outcome = await self.look(read) { news -> Outcome in
            guard let (changes, toRead) = try? news.get() else { return .unread }
            return await show(changes) ? .shown(andToRead: toRead) : .end
        }
        return outcome ?? .end
    }
}

extension [ProcessLookup] {
    /// How many of them, up to the one with which their payloads have so many bytes.
    fileprivate func count(withinBytes limit: Int) -> Int {
        var bytes = 0
        for (place, lookup) in self.enumerated() {
            if case .found(let record) = lookup { bytes += record.payloadBytes }
            if bytes >= limit { return place + 1 }
        }
        return self.count
    }
}
