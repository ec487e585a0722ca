internal import ProcessCore
internal import Synchronization

/// Tells an operator of rows that can't be read: of each once, however often it is passed over.
final class UnreadableRows: Sendable {
    private let callback: (@Sendable (ProcessID, String) -> Void)?
    private let reported = Mutex<Set<ProcessID>>([])

    /// So many are remembered as reported; beyond, the memory starts anew.
    private static let capacity = 10_000

    init(_ callback: (@Sendable (ProcessID, String) -> Void)?) {
        self.callback = callback
    }

    /// Reports a row, unless that was done before.
    func report(_ row: UnreadableRow) {
        guard let callback else { return }
        let isNew = self.reported.withLock { reported in
            if reported.count >= Self.capacity { reported.removeAll() }
            return reported.insert(row.id).inserted
        }
        if isNew { callback(row.id, row.reason) }
    }
}
