/// A hint that something in a store has changed, through whatever instance.
///
/// Notices may be lost, doubled or out of order; the record is the truth, so whoever hears one reads it again.
public enum ChangeNotice: Hashable, Sendable {
    /// A process was started or changed. `dueQueue` names its queue where a worker can claim it from there now.
    case changed(ProcessID, revision: Int64, status: ProcessStatus, dueQueue: String?)
    /// Output was added to a process, up to this index.
    case appended(ProcessID, last: Int64)
    /// A process was removed.
    case removed(ProcessID)
    /// Notices may have been lost, or the store can't tell what changed: everything of interest is to be read again.
    case missed

    /// Says that a process is now as this record.
    ///
    /// - Parameters:
    ///   - record: The process after the change.
    ///   - now: The store's time, which says whether it can be claimed.
    public init(_ record: ProcessRecord, at now: Timestamp) {
        self = .changed(
            record.id, revision: record.revision, status: record.status,
            dueQueue: record.isDue(at: now) ? record.queue : nil)
    }
}
