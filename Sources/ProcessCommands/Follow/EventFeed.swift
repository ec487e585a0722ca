internal import ProcessCore

/// Follows a stream of the tracker's server-sent events over lost connections and restarts of the tracker.
///
/// A tracker that is away costs one warning, and a line when it is back. It is tried for as long as anybody waits; only
/// the first connection of all must succeed, since where that fails, the address is more likely wrong than the tracker away.
struct EventFeed {
    private static let firstDelay: Duration = .seconds(1)
    private static let longestDelay: Duration = .seconds(10)

    private let api: TrackerAPI
    private let path: String
    private let query: [(name: String, value: String)]
    private let sleep: @Sendable (Duration) async throws -> Void
    private let warn: @Sendable (String) -> Void

    private var parser = ServerSentEventParser()
    private var stream: (any TrackerStream)?
    private var events: ArraySlice<ServerSentEvent> = []
    private var failures = 0
    private var hasAnswered = false
    private var isAway = false

    /// A feed that connects once it is asked for an event.
    ///
    /// - Parameters:
    ///   - api: The tracker.
    ///   - path: Where the events are.
    ///   - query: Names and values; none of them encoded.
    ///   - sleep: Waits, and throws when the task is cancelled.
    ///   - warn: Says something about the connection.
    init(
        _ api: TrackerAPI, _ path: String, _ query: [(name: String, value: String)] = [],
        sleep: @escaping @Sendable (Duration) async throws -> Void, warn: @escaping @Sendable (String) -> Void
    ) {
        self.api = api
        self.path = path
        self.query = query
        self.sleep = sleep
        self.warn = warn
    }

    /// Where the tracker is, to be shown.
    var address: String { self.api.client.address }

    /// Waits for the next event.
    ///
    /// After a lost connection it goes on behind the last event that had an id; where events have none, what is told first
    /// is told again.
    ///
    /// - Returns: The event.
    /// - Throws: `TrackerFailure` where the tracker refuses for good, no tracker was ever there, or the task is cancelled.
    mutating func next() async throws(TrackerFailure) -> ServerSentEvent {
        while true {
            if let event = self.events.popFirst() { return event }
            do throws(TrackerFailure) {
                if try await self.receive() { continue }
            } catch {
                try self.note(error)
            }
            self.stream = nil
            try await self.pause()
        }
    }

    /// Takes in what comes next, which may be part of an event, or several.
    ///
    /// - Returns: Whether there may be more; false where the tracker has ended the stream, as it does when it stops.
    private mutating func receive() async throws(TrackerFailure) -> Bool {
        let stream: any TrackerStream
        if let open = self.stream {
            stream = open
        } else {
            stream = try await self.api.events(self.path, self.query, after: self.parser.lastEventID)
            self.parser.reset()
            self.stream = stream
            self.hasAnswered = true
            if self.isAway { self.warn("the tracker at \(self.address) answers again") }
            self.isAway = false
        }
        let piece: [UInt8]
        do {
            guard let next = try await stream.next() else { return false }
            piece = next
        } catch {
            throw .unreachable(error.reason, wasPossiblySent: error.wasPossiblySent)
        }
        do {
            self.events = try self.parser.receive(piece)[...]
        } catch {
            stream.close()
            throw .unintelligible("it sends an event larger than any process")
        }
        self.failures = 0
        return true
    }

    /// Decides whether there is any use in trying again, and says so once.
    private mutating func note(_ failure: TrackerFailure) throws(TrackerFailure) {
        guard !Task.isCancelled else { throw failure }
        let sentence: String
        switch failure {
        case .refused(let problem) where problem.isFinal: throw failure
        case .refused(let problem) where self.hasAnswered || problem.isTemporary:
            self.hasAnswered = true
            sentence = "the tracker at \(self.address) is not ready: \(problem.sentence)"
        case .unreachable(let reason, _) where self.hasAnswered:
            sentence = "no tracker answers at \(self.address) (\(reason))"
        case .unintelligible(let reason) where self.hasAnswered:
            sentence = "what answers at \(self.address) is no process-tracker: \(reason)"
        case .refused, .unreachable, .unintelligible: throw failure
        }
        if !self.isAway { self.warn("warning: \(sentence); trying again until it does") }
        self.isAway = true
    }

    /// Waits as long as the tracker has asked for, and twice as long each further time; never quite as long as others wait.
    private mutating func pause() async throws(TrackerFailure) {
        let delay = max(.milliseconds(100), self.parser.retry ?? Self.firstDelay) * (1 << min(self.failures, 16))
        self.failures += 1
        do {
            try await self.sleep(min(delay, Self.longestDelay) * Double.random(in: 0.5...1))
        } catch {
            throw .unreachable("interrupted", wasPossiblySent: false)
        }
    }
}
