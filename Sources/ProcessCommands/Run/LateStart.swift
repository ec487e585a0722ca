/// How a run stands in the tracker.
enum RunStart: Sendable {
    /// As this process.
    case tracked(RunTracking)
    /// It was asked for, and no answer came: the tracker may carry it out all the same, even much later.
    case open(LateStart)
    /// Not at all.
    case untracked
}

/// A start without an answer. Left to itself, it could become a process that nobody reports on: it would end as given up, with
/// its id used, whatever became of the command.
struct LateStart: Sendable {
    /// Sends the start once more; its key makes that harmless.
    let start: @Sendable () async throws(TrackerFailure) -> RunTracking
    /// How long to wait before it is sent again at first.
    let retryDelay: Duration
    /// Waits.
    let sleep: @Sendable (Duration) async throws -> Void

    /// What is known in the end.
    enum Settlement: Sendable {
        /// It is there.
        case tracked(RunTracking)
        /// The tracker says no, or it is none.
        case refused
        /// The task was cancelled before there was an answer.
        case unknown
    }

    /// Sends the start again and again, until it is answered or the task is cancelled.
    func settle() async -> Settlement {
        var delay = self.retryDelay
        while !Task.isCancelled {
            do throws(TrackerFailure) {
                return .tracked(try await self.start())
            } catch {
                switch error {
                case .refused(let problem) where !problem.isTemporary: return .refused
                case .unintelligible: return .refused
                case .refused, .unreachable: break
                }
            }
            guard (try? await self.sleep(delay)) != nil else { break }
            delay = min(delay * 2, .seconds(5))
        }
        return .unknown
    }

    /// The same, for a time.
    func settle(within limit: Duration) async -> Settlement {
        await withTaskGroup(of: Settlement.self) { group in
            group.addTask { await self.settle() }
            group.addTask {
                try? await self.sleep(limit)
                return .unknown
            }
            var settlement = Settlement.unknown
            for await result in group {
                // An answer that came in the last moment counts.
                if case .unknown = settlement { settlement = result }
                group.cancelAll()
            }
            return settlement
        }
    }
}
