/// What is measured: the calls that a process's life, its readers and its upkeep are made of.
enum StoreOperation: String, CaseIterable {
    /// A start by a server-made id, and one under an idempotency key.
    case start, startWithKey = "start-with-key"
    /// Reading one process.
    case status
    /// A worker's reports: how far it is, and that it is done.
    case report, complete
    /// Taking one process from a queue in which a tenth of all wait.
    case claim
    /// The latest 100 processes, and the latest 100 that were completed.
    case list, listByStatus = "list-by-status"
    /// Removing the processes that ended first, one batch of them.
    case cleanup
    /// Adding one chunk of output to a process, and reading 100 chunks.
    case append, read

    /// How many runs there are where so many of a short one are asked for.
    func runs(of count: Int) -> Int {
        switch self {
        case .start, .startWithKey, .status, .report, .complete, .claim, .append: count
        case .list, .listByStatus, .cleanup, .read: max(1, count / 4)
        }
    }
}
