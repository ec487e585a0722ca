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
    ///   - filter: Which ones; its limit says how many of the newest.
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
                var outcome = Outcome.shown
                if changes.areIncomplete {
                    outcome = await self.showNews(show) { () async throws(ProcessRepositoryError) in
                        let newest = try await self.repository.page(filter).records
                        let others = shown.withLock { $0.unfinished(besides: newest) }
                        let lookups = try await self.repository.find(others)
                        return shown.withLock { $0.changes(to: newest) + $0.changes(to: lookups, of: others) }
                    }
                }
                var rest = changes.ids[...]
                while outcome == .shown, !rest.isEmpty {
                    let ids = Array(rest.prefix(ShownProcesses.readLimit))
                    rest = rest.dropFirst(ids.count)
                    outcome = await self.showNews(show) { () async throws(ProcessRepositoryError) in
                        let lookups = try await self.repository.find(ids)
                        return shown.withLock { $0.changes(to: lookups, of: ids) }
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

    private enum Outcome: Sendable {
        case shown
        /// The store can't be reached.
        case unread
        case end
    }

    /// Reads changes of many processes and shows them.
    private func showNews(
        _ show: @escaping @Sendable ([FollowedChange]) async -> Bool,
        _ read: @escaping @Sendable () async throws(ProcessRepositoryError) -> [FollowedChange]
    ) async -> Outcome {
        let outcome = await self.look(read) { changes -> Outcome in
            guard let changes = try? changes.get() else { return .unread }
            return await show(changes) ? .shown : .end
        }
        return outcome ?? .end
    }
}
