/// What a follower of a process's output is shown.
public enum FollowedOutput: Hashable, Sendable {
    /// Chunks that the follower would have to have are not kept any more.
    case gap(ClosedRange<Int64>)
    /// The next chunks, in their order, none missing and none twice.
    case chunks([StreamChunk])
    /// The process has ended, and this is it; there is no more output.
    case ended(ProcessRecord)
    /// The process is not there any more.
    case removed
}

extension ProcessManager {
    /// How much output is read at a time for a follower, in bytes: what one that takes its time may cost.
    private static let followedBytes = 64 << 10

    /// Shows the output of a process behind an index, and then what is added, up to its end.
    ///
    /// Each chunk that is kept is shown once and in order, on whatever instance it was added and however slowly the follower
    /// takes it. A store that can't be reached is asked again, with the next output or by the hub's slow timer.
    ///
    /// Ends after the end of the process was shown, or that it was removed; when the task is cancelled; and when the hub is
    /// closed.
    ///
    /// - Parameters:
    ///   - id: The process.
    ///   - index: The last chunk that the follower has; 0 where it has none.
    ///   - show: Shows what is next; returns whether to go on.
    public func followOutput(
        of id: ProcessID, after index: Int64, _ show: @escaping @Sendable (FollowedOutput) async -> Bool
    ) async {
        let signal = self.hub.watch(id, for: .output)
        defer { self.hub.unwatch(id, signal) }
        await withTaskCancellationHandler {
            var last = index
            repeat {
                reading: while true {
                    let step = await self.look { [last] () async throws(ProcessError) in
                        try await self.chunks(of: id, after: last, byteLimit: Self.followedBytes)
                    } use: { [last] page in
                        await self.showOutput(of: id, after: last, page, show)
                    }
                    switch step {
                    case .isShown(let end):
                        last = end
                        break reading
                    case .isMore(let end): last = end
                    case .isOver, nil: return
                    }
                }
            } while await signal.wait()
        } onCancel: {
            signal.end()
        }
    }

    /// What came of a read for a follower.
    private enum Step: Sendable {
        /// All that there is for now was shown, or the store can't be reached.
        case isShown(upTo: Int64)
        /// There is more.
        case isMore(after: Int64)
        /// There will be no more, or the follower has gone.
        case isOver
    }

    /// Shows a page of output; where it was the last, shows the end, if it still is the end.
    private func showOutput(
        of id: ProcessID, after index: Int64, _ page: Result<StreamPage, ProcessError>,
        _ show: (FollowedOutput) async -> Bool
    ) async -> Step {
        var last = index
        do throws(ProcessError) {
            let page = try page.get()
            if let gap = page.gap(after: last) {
                guard await show(.gap(gap)) else { return .isOver }
                last = gap.upperBound
            }
            if let end = page.chunks.last?.index {
                guard await show(.chunks(page.chunks)) else { return .isOver }
                last = end
            }
            if last < page.last { return .isMore(after: last) }
            guard page.status.isFinished else { return .isShown(upTo: last) }
            // It may have been tried again since its output was read; then there is more to come.
            let record = try await self.find(id)
            guard record.status.isFinished else { return .isShown(upTo: last) }
            // And it may even have ended again, with output that was not shown. A follower may also say that it has more than
            // there ever was.
            guard try await self.chunks(of: id, after: last, limit: 1).last <= last else { return .isMore(after: last) }
            _ = await show(.ended(record))
            return .isOver
        } catch .notFound, .removed {
            _ = await show(.removed)
            return .isOver
        } catch .corrupt {
            return .isOver
        } catch {
            return .isShown(upTo: last)
        }
    }
}
