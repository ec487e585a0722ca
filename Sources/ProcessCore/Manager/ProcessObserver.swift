/// Is told of what a ``ProcessManager`` has done, after it was done; counts it, and must be quick.
public protocol ProcessObserver: Sendable {
    /// A process was started.
    func didStart(_ record: ProcessRecord)
    /// Workers were handed these processes, as they are after their claim.
    func didClaim(_ records: [ProcessRecord])
    /// A process was changed.
    func didChange(_ old: ProcessRecord, to new: ProcessRecord, by change: ProcessChange)
    /// A worker's report was refused, and changed nothing.
    func didRefuse(_ refusal: ProcessTransition.Refusal, _ record: ProcessRecord)
    /// The store has a process in another state than this instance knew of it, and not in a later one: it has lost a change
    /// that it had acknowledged, as after a fail-over or the restore of a backup.
    func didFindLoss(of known: ProcessRecord, found: ProcessRecord)
    /// A worker's output was appended, this many chunks.
    func didAppend(_ chunkCount: Int)
    /// A worker's output was not appended, and the error says why.
    func didRefuseOutput(_ error: ProcessError)
    /// A cleanup has ended.
    func didClean(_ report: CleanupReport)
}

/// Counts nothing.
public struct SilentObserver: ProcessObserver {
    /// Makes one.
    public init() {}
    /// Does nothing.
    public func didStart(_ record: ProcessRecord) {}
    /// Does nothing.
    public func didClaim(_ records: [ProcessRecord]) {}
    /// Does nothing.
    public func didChange(_ old: ProcessRecord, to new: ProcessRecord, by change: ProcessChange) {}
    /// Does nothing.
    public func didRefuse(_ refusal: ProcessTransition.Refusal, _ record: ProcessRecord) {}
    /// Does nothing.
    public func didFindLoss(of known: ProcessRecord, found: ProcessRecord) {}
    /// Does nothing.
    public func didAppend(_ chunkCount: Int) {}
    /// Does nothing.
    public func didRefuseOutput(_ error: ProcessError) {}
    /// Does nothing.
    public func didClean(_ report: CleanupReport) {}
}
