/// What has to hold in every history, whatever was killed.
enum ChaosRule: String, CaseIterable, Sendable {
    /// What was acknowledged is in an end state once everything has calmed down; nothing is left pending or running.
    case unfinished
    /// What was acknowledged is there from then on.
    case gone
    /// One id, one idempotency key, one start sent again: one process.
    case startedTwice
    /// An end state stays, unless a retry explains what came after it; and nothing comes after `completed`.
    case endReplaced
    /// No attempt is held by two workers.
    case heldTwice
    /// No report of an earlier attempt has an effect.
    case staleEffect
    /// What is shown as a result, a failure, a message or an input is what was sent for this process and this attempt.
    case foreignPayload
    /// An answer shows what was asked for as done.
    case wrongAnswer
    /// Nobody sees an older state than somebody has seen before.
    case wentBack
    /// One revision of a process looks the same to everybody.
    case twoFaces
    /// No two changes that were acknowledged made the same revision: neither was lost.
    case sharedRevision
    /// From one revision to the next a process goes only where its rules let it.
    case impossibleStep
    /// A refusal has a reason.
    case unfoundedRefusal
    /// No lease ends before its time.
    case earlyExpiry
    /// Output that was acknowledged, or shown once, stands under its index until newer chunks push it out.
    case lostOutput
    /// The indexes of what is kept of the output rise by 1 up to the last one, and no more and no less is kept.
    case brokenIndexes
    /// What is shown as output is what was sent as output of this process.
    case foreignOutput
    /// Output that was sent with an index stands under it, and nowhere else.
    case misplacedOutput
    /// Output stands there no more often than it was sent.
    case repeatedOutput
    /// What one append brought stands together, in its order.
    case tornOutput
    /// Output that was acknowledged stands before what was sent later.
    case outputOrder
    /// Nothing of an attempt comes after its end, and so nothing of it behind the output of a later one.
    case lateOutput
    /// A `restart` stands between the output of two attempts, and nowhere else.
    case wrongRestart
    /// There are only answers that the contract has.
    case unexpectedAnswer
}

/// A history that breaks a rule.
struct ChaosViolation: Hashable, Sendable, CustomStringConvertible {
    let rule: ChaosRule
    /// The process; `nil` where it is about no single one.
    let id: String?
    let detail: String

    var description: String { "\(self.rule.rawValue) \(self.id ?? "-"): \(self.detail)" }
}
