internal import CSQLite
internal import ProcessCore

/// What SQLite said no with.
struct SQLiteError: Error, CustomStringConvertible {
    /// The extended result code.
    let code: Int32
    /// SQLite's own words, and what it was asked to do.
    let message: String

    /// The result code without its extension, such as `SQLITE_IOERR`.
    var primaryCode: Int32 { self.code & 0xFF }

    /// Whether SQLite found the file damaged.
    var saysDamaged: Bool { self.primaryCode == SQLITE_CORRUPT || self.primaryCode == SQLITE_NOTADB }

    var description: String { "SQLite \(self.code): \(self.message)" }

    /// The error as callers of a repository see it, where what was asked has certainly not happened.
    ///
    /// - Parameter action: What was under way, to be read before "failed".
    /// - Returns: The error, with this one below.
    func repositoryError(_ action: String) -> ProcessRepositoryError {
        let code: ProcessRepositoryError.Code =
            switch self.primaryCode {
            case SQLITE_FULL: .storeFull
            // A disk that was mounted read-only after an error comes back the way other outages do.
            case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_IOERR, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_NOMEM,
                SQLITE_PROTOCOL, SQLITE_INTERRUPT, SQLITE_PERM:
                .unavailable
            default: .unexpectedAnswer
            }
        return ProcessRepositoryError(
            code, "\(action) failed: \(self.message)", underlying: self,
            explanation: code == .storeFull ? Self.fullDisk : SQLiteCondition(self) == .busy ? Self.lockedFile : nil)
    }

    private static let lockedFile = ProcessRepositoryError.Explanation(
        reason: "another program holds the lock of the store's file", advice: "try again")

    /// A cleanup writes before it frees, so it is no way out.
    private static let fullDisk = ProcessRepositoryError.Explanation(
        reason: "the disk has no room for the store's files", advice: "make room on it, which a cleanup needs too")

    /// The error of a commit, for everybody whose change was in it.
    ///
    /// A commit that ran out of room never wrote its last page, so it is undone. One that failed in the file system may have
    /// written all of it and not known: it is undone here, but a crash right now could bring it back.
    var commitError: ProcessRepositoryError {
        guard self.primaryCode == SQLITE_IOERR else {
            return self.repositoryError("writing to the store")
        }
        return ProcessRepositoryError(
            .outcomeUnknown,
            "the store's commit failed in the file system, and the change may or may not be kept: \(self.message)",
            underlying: self)
    }
}

extension ProcessRepositoryError {
    /// Whether the disk did not take a write: for lack of room, or for a limit that the system calls no lack of room. It may
    /// take one that needs less.
    var isOfDisk: Bool {
        self.code == .storeFull || (self.underlying as? SQLiteError)?.primaryCode == SQLITE_IOERR
    }
}

/// The sorts of error that matter when a file is opened.
enum SQLiteCondition {
    case damaged, busy, full, other

    init(_ error: SQLiteError) {
        self =
            switch error.primaryCode {
            case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR, SQLITE_SCHEMA: .damaged
            case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .busy
            case SQLITE_FULL: .full
            default: .other
            }
    }
}
