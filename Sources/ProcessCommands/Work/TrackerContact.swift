internal import Synchronization

extension TrackerProblem {
    /// Whether the tracker itself said so, and will say so again. A proxy in front of a tracker that is being replaced
    /// answers 404 as well; nobody's work must end because of that.
    var isFinal: Bool { !self.isTemporary && !self.code.isEmpty }

    /// Whether the process is somebody else's, has ended, or is no more.
    var isGivenAway: Bool { self.isFinal && self.isTooLate }
}

extension TrackerFailure {
    /// Whether the tracker may have done what it was asked for all the same.
    var mayHaveArrived: Bool {
        switch self {
        case .unreachable(_, let wasPossiblySent): wasPossiblySent
        case .refused(let problem): !problem.isFinal
        case .unintelligible: true
        }
    }
}

/// Whether the tracker answers, as all calls of a worker see it together: one warning when it stops, one line when it is
/// back, however many calls fail in between.
final class TrackerContact: Sendable {
    private let address: String
    private let warn: @Sendable (String) -> Void
    private let isAway = Mutex(false)

    /// Makes a watch over a tracker of which nothing is known yet.
    ///
    /// - Parameters:
    ///   - address: Where it is, to be shown.
    ///   - warn: Says something.
    init(address: String, warn: @escaping @Sendable (String) -> Void) {
        self.address = address
        self.warn = warn
    }

    /// Makes a call, and takes note of what came of it.
    ///
    /// - Parameter body: The call.
    /// - Returns: What the call returns.
    /// - Throws: What the call throws.
    func call<Content: Sendable>(
        _ body: () async throws(TrackerFailure) -> Content
    ) async throws(TrackerFailure) -> Content {
        do throws(TrackerFailure) {
            let content = try await body()
            self.note(isAway: false, "")
            return content
        } catch {
            switch error {
            case .refused(let problem) where problem.isFinal: self.note(isAway: false, "")
            // A call that we have given up says nothing about the tracker.
            case .unreachable where Task.isCancelled: break
            case .unreachable(let reason, _):
                self.note(isAway: true, "no tracker answers at \(self.address) (\(reason))")
            case .refused(let problem):
                self.note(isAway: true, "the tracker at \(self.address) is not ready: \(problem.sentence)")
            case .unintelligible(let reason):
                self.note(isAway: true, "what answers at \(self.address) is no process-tracker: \(reason)")
            }
            throw error
        }
    }

    private func note(isAway: Bool, _ sentence: String) {
        let hasChanged = self.isAway.withLock { state in
            defer { state = isAway }
            return state != isAway
        }
        guard hasChanged else { return }
        self.warn(
            isAway
                ? "warning: \(sentence); trying again until it does. What runs goes on"
                : "the tracker at \(self.address) answers again")
    }
}
