import ProcessCore

extension Timestamp {
    /// An instant some milliseconds after the one that the tests begin at.
    static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: 1_794_132_000_000 + milliseconds) }
}

extension JSONText {
    init(_ text: StaticString) {
        self.init(unchecked: Array(text.description.utf8))
    }
}

/// Processes in every place of their lives.
enum Transitions {
    static let id = ProcessID(trusted: "p")
    static let failure = ProcessFailure(code: "exit_2", message: "no", details: JSONText("[1.10]"))

    static func started(_ configure: (inout ProcessStart) -> Void = { _ in }) -> ProcessRecord {
        var start = ProcessStart(kind: "report")
        configure(&start)
        return ProcessRecord(starting: start, as: self.id, at: .at(0))
    }

    /// Running, without a queue: attempt 1.
    static let own = started()
    /// Waiting in a queue: attempt 0 of 2.
    static let pending = started { start in
        start.queue = "q"
        start.maxAttempts = 2
    }
    /// Claimed from a queue: attempt 1 of 2.
    static let claimed = changed(pending, .claim(ProcessClaim(worker: "w")))
    /// Waiting again after its first attempt failed.
    static let waitingAgain = changed(claimed, .fail(failure, mayRetry: true))
    /// Running, with a cancel requested.
    static let cancelling = changed(claimed, .cancel(reason: "why", force: false))
    static let completed = changed(claimed, .complete(result: JSONText("1")))
    static let failed = changed(claimed, .fail(failure, mayRetry: false))
    static let cancelled = changed(cancelling, .confirmCancelled)
    /// Cancelled in its queue, never claimed.
    static let cancelledWaiting = changed(pending, .cancel(reason: nil, force: false))

    /// A process after a change that must be possible; reports name the current attempt.
    static func changed(_ record: ProcessRecord, _ change: ProcessChange, at now: Timestamp = .at(1000))
        -> ProcessRecord
    {
        let transition = ProcessTransition(change, attempt: change.isReport ? record.attempt : nil, at: now)
        guard case .changed(let next)? = try? transition.apply(to: record) else {
            preconditionFailure("the fixture \(change) is refused")
        }
        return next
    }
}

/// What came of a transition, in a word, for tables.
enum Verdict: Equatable, CustomStringConvertible {
    case becomes(ProcessStatus)
    case unchanged
    case missingAttempt
    case preconditionFailed
    case staleAttempt
    case alreadyFinished
    case invalid

    init(of transition: ProcessTransition, on record: ProcessRecord) {
        do throws(ProcessTransition.Refusal) {
            switch try transition.apply(to: record) {
            case .changed(let next): self = .becomes(next.status)
            case .unchanged: self = .unchanged
            }
        } catch {
            switch error {
            case .missingAttempt: self = .missingAttempt
            case .preconditionFailed: self = .preconditionFailed
            case .staleAttempt: self = .staleAttempt
            case .alreadyFinished: self = .alreadyFinished
            case .invalidTransition: self = .invalid
            }
        }
    }

    var description: String {
        switch self {
        case .becomes(let status): "→ \(status.rawValue)"
        case .unchanged: "unchanged"
        case .missingAttempt: "missing_field"
        case .preconditionFailed: "precondition_failed"
        case .staleAttempt: "stale_attempt"
        case .alreadyFinished: "already_finished"
        case .invalid: "invalid_transition"
        }
    }
}

/// Random numbers that a seed decides, so that a failure can be had again.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return self.state >> 33 | self.state << 31
    }

    mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
    mutating func oneIn(_ count: Int) -> Bool { self.int(1...count) == 1 }
    mutating func seconds(_ range: ClosedRange<Int>) -> Duration? { self.oneIn(2) ? .seconds(self.int(range)) : nil }
}
