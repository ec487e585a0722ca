internal import Glibc
internal import ProcessCore

/// The file of a store: made where it is missing, looked at before anything is written to it.
struct SQLiteStoreFile: Sendable {
    let path: String
    let schema: SQLiteSchema
    let busyTimeout: Duration

    /// What a file turned out to be.
    enum State: Equatable {
        /// There is nothing in it.
        case empty
        /// A store of this version.
        case store(version: Int64)
    }

    private static let header = [UInt8]("SQLite format 3\u{0}".utf8)

    // MARK: Making it

    /// Makes the file where it is missing, readable by its owner alone, and its folder likewise.
    ///
    /// - Throws: `refused` where that is not allowed, or something else is there.
    func createIfMissing() throws(ProcessRepositoryError) {
        var status = stat()
        if stat(self.path, &status) == 0 { return }
        guard errno == ENOENT else { throw self.refusal("can't be looked at: \(Self.reason(errno))") }
        try self.createFolder()
        let descriptor = Glibc.open(self.path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        if descriptor < 0 {
            // Another instance may have been faster.
            guard errno == EEXIST else { throw self.refusal("can't be made: \(Self.reason(errno))") }
            return
        }
        // Nobody holds a lock yet on a file that was just made, so closing it here drops none.
        Glibc.close(descriptor)
    }

    private var folder: String {
        guard let slash = self.path.lastIndex(of: "/") else { return "." }
        return slash == self.path.startIndex ? "/" : String(self.path[..<slash])
    }

    private func createFolder() throws(ProcessRepositoryError) {
        let folder = self.folder
        var end = folder.startIndex
        while end < folder.endIndex {
            end = folder[folder.index(after: end)...].firstIndex(of: "/") ?? folder.endIndex
            let part = String(folder[..<end])
            guard mkdir(part, 0o700) != 0, errno != EEXIST, errno != EISDIR else { continue }
            let code = errno
            var status = stat()
            if stat(part, &status) != 0 { throw self.refusal("has no folder: \(part): \(Self.reason(code))") }
        }
    }

    // MARK: Looking at it

    /// Looks at what is there, and changes nothing.
    ///
    /// - Parameter forWriting: Whether the file and its folder have to be writable.
    /// - Returns: What it is.
    /// - Throws: `refused` for everything that this program must keep its hands off.
    func examine(forWriting: Bool = true) throws(ProcessRepositoryError) -> State {
        do {
            let size = try self.checkFile(forWriting: forWriting)
            if size == 0 { return .empty }
            try self.checkHeader(size: size)
            if forWriting, self.hasFile(suffix: "-journal") {
                try self.undoUnfinishedCreation()
                return try self.checkFile(forWriting: forWriting) == 0
                    ? .empty : .store(version: try self.checkSchema())
            }
            return .store(version: try self.checkSchema())
        } catch let error as SQLiteError {
            throw self.refusal(of: error)
        } catch let error as ProcessRepositoryError {
            throw error
        } catch {
            throw self.refusal("can't be looked at: \(error)")
        }
    }

    /// - Returns: The size of the file in bytes.
    private func checkFile(forWriting: Bool) throws(ProcessRepositoryError) -> Int64 {
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

    private func hasFile(suffix: String) -> Bool {
        var status = stat()
        return stat(self.path + suffix, &status) == 0
    }

    /// Whether there is a write-ahead log or a journal, in which the truth about the file may be.
    private var hasCompanion: Bool { self.hasFile(suffix: "-wal") || self.hasFile(suffix: "-journal") }

    /// Lets SQLite undo the one transaction that is not made in the write-ahead log, where a crash cut it off: the first.
    private func undoUnfinishedCreation() throws(SQLiteError) {
        let connection = try SQLiteConnection(path: self.path, mode: .readWrite, busyTimeout: self.busyTimeout)
        _ = try connection.integer("SELECT count(*) FROM sqlite_schema")
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
        if !self.hasCompanion, number(at: 24) == number(at: 92), number(at: 28) * bytesPerPage > size {
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
            path: self.path, mode: self.hasCompanion ? .readOnly : .immutable, busyTimeout: self.busyTimeout)
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

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
