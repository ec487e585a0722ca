internal import CPosix
internal import Glibc
internal import ProcessCore
internal import Synchronization

/// The files of an open store: whether they are still where they were, and sound as far as anybody has seen.
///
/// SQLite goes on with a file that was moved away or replaced, and what it keeps there is found by nobody after a restart.
/// So who acknowledges a write looks here first. What was lost once stays so until the store is opened again: somebody
/// else may be at work with either file.
final class StoreFiles: Sendable {
    private struct Identity: Equatable {
        let inode: UInt64
        let deviceMajor: UInt32
        let deviceMinor: UInt32

        init(_ status: statx) {
            self.inode = status.stx_ino
            self.deviceMajor = status.stx_dev_major
            self.deviceMinor = status.stx_dev_minor
        }
    }

    private struct State {
        var loss: String?
        var damage: String?
    }

    private let path: String
    /// The database and its write-ahead log, with how messages call them.
    private let files: [(path: ContiguousArray<CChar>, subject: String, identity: Identity)]
    private let onFault: (@Sendable (String) -> Void)?
    private let state = Mutex(State())

    /// Remembers which files a connection has open.
    ///
    /// - Parameters:
    ///   - path: The path that was configured, which may be a link.
    ///   - connection: The connection, which has read from the store.
    ///   - onFault: Told of each sort of fault once, from any thread.
    init(_ path: String, of connection: SQLiteConnection, onFault: (@Sendable (String) -> Void)?) {
        self.path = path
        self.onFault = onFault
        var files = [(path, "the database file at \(path)")]
        if let log = connection.logPath { files.append((log, "the write-ahead log at \(log)")) }
        self.files = files.compactMap { path, subject in
            let path = path.utf8CString
            guard case .found(let identity) = Self.look(at: path) else { return nil }
            return (path, subject, identity)
        }
    }

    /// What is wrong with the place of the files, if anything; asks the file system, which takes two calls of it.
    func findLoss() -> String? {
        if let loss = self.state.withLock({ $0.loss }) { return loss }
        let lost = self.files.first { file in
            switch Self.look(at: file.path) {
            case .found(let identity): identity != file.identity
            case .missing: true
            // A folder that can't be searched says nothing of what is in it.
            case .unknown: false
            }
        }
        guard let lost else { return nil }
        let reason = "\(lost.subject) was moved, removed or replaced"
        let isNew = self.state.withLock { state in
            defer { state.loss = reason }
            return state.loss == nil
        }
        if isNew { self.onFault?("\(reason): restart the service") }
        return reason
    }

    /// What somebody found damaged, if anything.
    var damage: String? { self.state.withLock { $0.damage } }

    /// Remembers an error, if it says that the file is damaged.
    func note(_ error: SQLiteError) {
        guard error.saysDamaged else { return }
        let reason = "the database file at \(self.path) is damaged: \(error.message)"
        let isNew = self.state.withLock { state in
            if state.damage != nil { return false }
            state.damage = reason
            return true
        }
        if isNew { self.onFault?(reason) }
    }

    /// The error of a write that is not made, or not acknowledged, because the files are lost.
    ///
    /// - Parameters:
    ///   - reason: What ``findLoss()`` said.
    ///   - isWritten: Whether the write may be in the file that was lost.
    /// - Returns: The error.
    static func error(_ reason: String, isWritten: Bool) -> ProcessRepositoryError {
        ProcessRepositoryError(
            isWritten ? .outcomeUnknown : .unavailable, "\(reason): restart the service",
            explanation: .init(reason: reason, advice: "restart the service"))
    }

    private enum Look {
        case found(Identity)
        case missing
        case unknown
    }

    // For the number of the file alone. Who asks for its times, too, makes Linux 6.13 and newer take a new one at the next
    // write (multigrain time stamps), for which some file systems write the inode at each sync, a third of its time.
    private static func look(at path: ContiguousArray<CChar>) -> Look {
        var status = statx()
        let code = path.withUnsafeBufferPointer { statx(AT_FDCWD, $0.baseAddress, 0, UInt32(STATX_INO), &status) }
        if code == 0 { return .found(Identity(status)) }
        return errno == ENOENT || errno == ENOTDIR ? .missing : .unknown
    }
}
