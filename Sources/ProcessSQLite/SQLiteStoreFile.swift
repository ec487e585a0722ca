internal import Glibc
internal import ProcessCore

/// The file of a store, looked at before anything is written to it.
struct SQLiteStoreFile: Sendable {
    let path: String
    let schema: SQLiteSchema
    let busyTimeout: Duration

    /// Whether a lock of somebody else may still be waited for.
    func hasPatience(since begin: MonotonicInstant) -> Bool {
        Int64(MonotonicInstant.now.nanoseconds(since: begin) / 1_000_000) < self.busyTimeout.milliseconds
    }

    private static let header = [UInt8]("SQLite format 3\u{0}".utf8)

    /// The folder of the file.
    var folder: String {
        guard let slash = self.path.lastIndex(of: "/") else { return "." }
        return slash == self.path.startIndex ? "/" : String(self.path[..<slash])
    }

    /// Looks at what is there, and changes nothing.
    ///
    /// - Parameter forWriting: Whether the file and its folder have to be writable.
    /// - Returns: The version of the store.
    /// - Throws: `refused` for everything that this program must keep its hands off.
    func examine(forWriting: Bool = true) throws(ProcessRepositoryError) -> Int64 {
        do {
            let size = try self.checkFile(forWriting: forWriting)
            if size == 0 { throw self.refusal("is empty: no service has opened it yet") }
            try self.checkHeader(size: size)
            return try self.checkSchema()
        } catch let error as SQLiteError {
            throw self.refusal(of: error)
        } catch let error as ProcessRepositoryError {
            throw error
        } catch {
            throw self.refusal("can't be looked at: \(error)")
        }
    }

    /// Looks at what the file system says.
    ///
    /// - Parameter forWriting: Whether the file and its folder have to be writable.
    /// - Returns: The size of the file in bytes.
    /// - Throws: `refused`.
    func checkFile(forWriting: Bool) throws(ProcessRepositoryError) -> Int64 {
        var status = stat()
        guard stat(self.path, &status) == 0 else { throw self.refusal("can't be looked at: \(Self.reason(errno))") }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw self.refusal("is a folder; give the path of a file in it")
        default: throw self.refusal("is no regular file")
        }
        guard access(self.path, R_OK) == 0 else { throw self.refusal("can't be read: \(Self.reason(errno))") }
        let size = Int64(status.st_size)
        guard forWriting else { return size }
        // The superuser may write everything; who took the right away from everybody meant something by it.
        if status.st_mode & 0o222 == 0 { throw self.refusal("is write-protected") }
        guard access(self.path, W_OK) == 0 else { throw self.refusal("can't be written: \(Self.reason(errno))") }
        guard stat(self.folder, &status) == 0 else { throw self.refusal("has no folder: \(Self.reason(errno))") }
        if status.st_mode & 0o222 == 0 { throw self.refusal("is in a write-protected folder") }
        guard access(self.folder, W_OK | X_OK) == 0 else {
            throw self.refusal("is in a folder that can't be written: \(Self.reason(errno))")
        }
        return size
    }

    /// Whether there is a write-ahead log, in which the truth about the file may be.
    private var hasLog: Bool {
        var status = stat()
        // SQLite follows links, and has the log beside the file itself.
        guard let path = realpath(self.path, nil) else { return stat("\(self.path)-wal", &status) == 0 }
        defer { free(path) }
        return stat("\(String(cString: path))-wal", &status) == 0
    }

    /// What tells a file from one that was written to meanwhile.
    struct State: Equatable {
        let inode: ino_t
        let size: off_t
        let changedAt: [Int]
    }

    /// How the file is, where it has no log, and so nobody has it open; else nil.
    var stateAtRest: State? {
        var status = stat()
        guard !self.hasLog, stat(self.path, &status) == 0 else { return nil }
        return State(
            inode: status.st_ino, size: status.st_size,
            changedAt: [status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec])
    }

    /// Reads the first 100 bytes: SQLite's header, as its file format describes it. No SQL runs before they are ours.
    private func checkHeader(size: Int64) throws {
        let connection = try SQLiteConnection(path: self.path, mode: .readOnly, busyTimeout: self.busyTimeout)
        let header = try connection.readFile(100, at: 0)
        guard header.starts(with: Self.header) else { throw self.refusal("is no SQLite database") }
        func number(at offset: Int) -> Int64 {
            header[offset..<(offset + 4)].reduce(0) { $0 << 8 | Int64($1) }
        }
        guard number(at: 68) == SQLiteSchema.applicationID else {
            throw self.refusal("is a database of another program")
        }
        let pageSize = Int64(header[16]) << 8 | Int64(header[17])
        let bytesPerPage = pageSize == 1 ? 65_536 : pageSize
        if !self.hasLog, number(at: 24) == number(at: 92), number(at: 28) * bytesPerPage > size {
            throw self.refusal("is damaged: it is shorter than it says")
        }
        if number(at: 60) > self.schema.version { try self.checkVersion(number(at: 60)) }
    }

    private func checkVersion(_ version: Int64) throws(ProcessRepositoryError) {
        if version > self.schema.version {
            throw self.refusal(
                "is of version \(version), and this program knows up to \(self.schema.version): use a newer one")
        }
        if version < 1 { throw self.refusal("is damaged: it is of no version") }
    }

    /// Looks whether the tables are there.
    ///
    /// - Returns: The version, which the write-ahead log may know better than the header.
    private func checkSchema() throws -> Int64 {
        // Where nobody else has it open, nothing is left beside the file either.
        let connection = try SQLiteConnection(
            path: self.path, mode: self.hasLog ? .readOnly : .immutable, busyTimeout: self.busyTimeout)
        let version = try connection.integer("PRAGMA user_version")
        try self.checkVersion(version)
        guard try connection.integer("PRAGMA application_id") == SQLiteSchema.applicationID else {
            throw self.refusal("is a database of another program")
        }
        let names = try SQLiteStatement("SELECT name FROM sqlite_schema", on: connection)
        var found: Set<String> = []
        while try names.step() { found.insert(names.text(at: 0) ?? "") }
        if version == self.schema.version {
            let missing = self.schema.objects.subtracting(found).sorted()
            if !missing.isEmpty {
                throw self.refusal("is damaged: it has no \(missing.joined(separator: ", "))")
            }
        }
        return version
    }

    // MARK: Words

    /// An error that names the file.
    func refusal(_ reason: String, underlying: (any Error)? = nil) -> ProcessRepositoryError {
        ProcessRepositoryError(.refused, "\(self.path) \(reason)", underlying: underlying)
    }

    /// What an error of SQLite at the start means.
    func refusal(of error: SQLiteError) -> ProcessRepositoryError {
        switch SQLiteCondition(error) {
        case .damaged: self.refusal("is damaged: \(error.message)", underlying: error)
        case .busy:
            ProcessRepositoryError(
                .unavailable, "\(self.path) is locked by another process: \(error.message)", underlying: error)
        case .full: ProcessRepositoryError(.storeFull, "\(self.path): \(error.message)", underlying: error)
        case .other: self.refusal("can't be opened: \(error.message)", underlying: error)
        }
    }

    /// The system's words for an error number.
    static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
