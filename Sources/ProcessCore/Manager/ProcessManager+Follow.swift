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
                switch await apart({ [shownRevision] in await self.showNews(of: id, shownRevision, show) }) {
                case .none: break
                case .shown(let revision): shownRevision = revision
                case .end: return
                }
            } while await signal.wait()
        } onCancel: {
            signal.end()
        }
    }

    private enum News: Sendable {
        case none
        case shown(Int64)
        case end
    }

    /// Reads a process and shows it, if there is anything new.
    private func showNews(
        of id: ProcessID, _ shownRevision: Int64?, _ show: (FollowedChange) async -> Bool
    ) async -> News {
        guard let lookup = try? await self.repository.find(id) else { return .none }
        guard case .found(let record) = lookup else {
            if case .corrupt = lookup { return .end }
            _ = await show(.removed(id))
            return .end
        }
        guard record.revision != shownRevision || record.status.isFinished else { return .none }
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
        _ show: ([FollowedChange]) async -> Bool
    ) async {
        let feed = self.hub.follow()
        defer { self.hub.unfollow(feed) }
        await withTaskCancellationHandler {
            var shown = ShownProcesses(filter: filter)
            feed.add(.missed)
            while await feed.signal.wait() {
                let changes = feed.take()
                if changes.areTooMany { return }
                do {
                    if changes.areIncomplete {
                        let newest = try await self.repository.page(filter).records
                        let others = shown.unfinished(besides: newest)
                        let lookups = try await self.repository.find(others)
                        let changes = shown.changes(to: newest) + shown.changes(to: lookups, of: others)
                        guard await show(changes) else { return }
                    }
                    var rest = changes.ids[...]
                    while !rest.isEmpty {
                        let ids = Array(rest.prefix(ShownProcesses.readLimit))
                        rest = rest.dropFirst(ids.count)
                        let changes = shown.changes(to: try await self.repository.find(ids), of: ids)
                        guard await show(changes) else { return }
                    }
                } catch {
                    feed.putBack()
                }
                try? await self.hub.clock.sleep(for: interval)
            }
        } onCancel: {
            feed.signal.end()
        }
    }
}
