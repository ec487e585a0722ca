/// Why a use case did not happen; nothing has changed then, but where the store's error says that it can't know.
public enum ProcessError: Error, Sendable {
    /// No process was ever known by this id, as far as is remembered.
    case notFound(ProcessID)
    /// The process was removed by a cleanup; the tombstone is there for as long as it is remembered.
    case removed(ProcessID, Tombstone?)
    /// The process was moved to the store that this one stands in for: it goes on there, out of reach from here.
    case moved(ProcessID)
    /// The id is taken by another process.
    case exists(ProcessID)
    /// The id is taken by something that can't be read as a process; the text says why. What is not ours is seen by a start
    /// alone, and removed by nobody.
    case unusable(ProcessID, String, isOurs: Bool)
    /// The idempotency key came before with another body.
    case idempotencyMismatch(key: String)
    /// The parent named at a start is not there.
    case parentMissing(ProcessID)
    /// There are as many processes as the service is configured to hold.
    case full(maximum: Int)
    /// The process does not allow it as it is; it is shown as it was then.
    ///
    /// Indirect: else each call that may throw it would keep room for a whole record.
    indirect case refused(ProcessTransition.Refusal, ProcessRecord)
    /// Output was to stand at another index than the one that comes next; the text says more.
    case indexConflict(ProcessID, next: Int64, String)
    /// What is stored under this id can't be read; the text says why.
    case corrupt(ProcessID, String)
    /// The store could not do it.
    case store(ProcessRepositoryError)

    /// What the tombstone of a process means to whoever asks for it: one that was moved is not gone, but out of reach.
    init(_ tombstone: Tombstone) {
        self = tombstone.isMoved ? .moved(tombstone.id) : .removed(tombstone.id, tombstone)
    }
}
