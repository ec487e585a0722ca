internal import Glibc
internal import ProcessCore
internal import Synchronization

extension SQLiteStoreFile {
    /// Opens the store for writing: makes it where there is none, and brings it to this program's version.
    ///
    /// - Parameter maximumPages: How many pages the file may have.
    /// - Returns: The connection for all writes.
    /// - Throws: `refused` where there is something else, before anything was written; `unavailable`, `storeFull`.
    func openForWriting(maximumPages: Int? = nil) throws(ProcessRepositoryError) -> SQLiteConnection {
        try Self.opening.withLock { _ throws(ProcessRepositoryError) in
            try self.createIfMissing()
            try self.upgradeIfOlder()
            return Opened(connection: try self.connectAndMigrate(maximumPages: maximumPages))
        }.connection
    }

    /// One store is opened at a time: making one closes a descriptor of its file, which would drop the locks of another
    /// repository of this process that had opened the file in between.
    private static let opening = Mutex(())

    /// `@unchecked Sendable`: carries a connection that was just made out of the lock, to the one caller it was made for.
    private struct Opened: @unchecked Sendable {
        let connection: SQLiteConnection
    }

    private func connectAndMigrate(maximumPages: Int?) throws(ProcessRepositoryError) -> SQLiteConnection {
        try self.refusing { () throws in
            let connection = try self.connectForWriting()
            try self.migrate(connection)
            try self.useWriteAheadLog(connection)
            try connection.execute(
                """
                PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
                PRAGMA wal_autocheckpoint = \(Self.pagesBetweenCheckpoints);
                PRAGMA journal_size_limit = \(64 << 20)
                """)
            if let maximumPages { try connection.execute("PRAGMA max_page_count = \(maximumPages)") }
            return connection
        }
    }

    /// Makes a store of an empty file.
    ///
    /// - Throws: `refused`, `unavailable`, `storeFull`.
    func makeStore() throws(ProcessRepositoryError) {
        try self.refusing { () throws in
            let connection = try self.connectForWriting()
            // Only a file without tables takes these, and only before it is in the mode of the write-ahead log.
            try connection.execute("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL")
            try self.migrate(connection)
            try self.useWriteAheadLog(connection)
        }
    }

    private func connectForWriting(busyTimeout: Duration? = nil) throws -> SQLiteConnection {
        let connection = try SQLiteConnection(
            path: self.path, mode: .readWrite, busyTimeout: busyTimeout ?? self.busyTimeout)
        guard !connection.isReadOnly else { throw self.refusal("can't be written") }
        // Rows that are gone leave nothing behind in pages that are written anyway.
        try connection.execute("PRAGMA secure_delete = FAST; PRAGMA temp_store = MEMORY")
        return connection
    }

    /// Tells SQLite's errors as refusals of the file.
    private func refusing<Answer>(_ body: () throws -> Answer) throws(ProcessRepositoryError) -> Answer {
        do {
            return try body()
        } catch let error as SQLiteError {
            throw self.refusal(of: error)
        } catch let error as ProcessRepositoryError {
            throw error
        } catch {
            throw self.refusal("can't be opened: \(error)", underlying: error)
        }
    }

    /// Pages that many commits touch are copied into the file once for all of them; more of them between two
    /// checkpoints make fewer copies, and a longer pause.
    private static let pagesBetweenCheckpoints = 4000

    /// Opens the store for reading.
    ///
    /// - Parameter mode: How; with `immutable` only while nobody has it open for writing.
    /// - Returns: A connection of the caller's own.
    /// - Throws: What SQLite says.
    func openForReading(_ mode: SQLiteConnection.Mode = .readOnly) throws(SQLiteError) -> SQLiteConnection {
        let connection = try SQLiteConnection(path: self.path, mode: mode, busyTimeout: self.busyTimeout)
        try connection.execute("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192")
        return connection
    }

    /// Brings a store of an older version to this program's, while nobody else has it open: an older program that has would go
    /// on by the rules of its own version.
    ///
    /// - Throws: `refused` where somebody still has it open after the time in which a lock is waited for.
    private func upgradeIfOlder() throws(ProcessRepositoryError) {
        let begin = MonotonicInstant.now
        var version = try self.examine()
        while version < self.schema.version {
            if try self.refusing({ () throws in try self.upgradeAlone() }) { return }
            guard self.hasPatience(since: begin) else {
                throw self.refusal(
                    "is of version \(version), and another program has it open: stop every instance that uses it, "
                        + "then start this one, which brings it to version \(self.schema.version)")
            }
            usleep(5000)
            // Another instance of this version may have brought it there.
            version = try self.examine()
        }
    }

    /// Brings the store to this program's version, if nobody else has it open.
    ///
    /// - Returns: Whether nobody had.
    private func upgradeAlone() throws -> Bool {
        let connection = try self.connectForWriting(busyTimeout: .zero)
        do {
            // From the first look at the file on, until this connection is closed.
            try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            try self.migrate(connection)
            return true
        } catch let error as SQLiteError where SQLiteCondition(error) == .busy {
            return false
        }
    }

    /// Takes the steps that are missing, in one transaction: a disk that is too full for the last of them leaves a file that
    /// the older program goes on with.
    private func migrate(_ connection: SQLiteConnection) throws {
        try connection.execute("BEGIN IMMEDIATE")
        do {
            let version = try connection.integer("PRAGMA user_version")
            if version > self.schema.version { throw self.refusal("was brought to version \(version) just now") }
            if version == 0 { try connection.execute("PRAGMA application_id = \(SQLiteSchema.applicationID)") }
            for step in self.schema.migrations.dropFirst(Int(version)) { try connection.execute(step) }
            if version < self.schema.version {
                try connection.execute("PRAGMA user_version = \(self.schema.version)")
            }
            try connection.execute("COMMIT")
        } catch {
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    /// Changes the journal, for which nobody else may be in the file; SQLite waits for nobody here.
    private func useWriteAheadLog(_ connection: SQLiteConnection) throws {
        let begin = MonotonicInstant.now
        while true {
            do {
                let mode = try connection.text("PRAGMA journal_mode = WAL")
                guard mode == "wal" else { throw self.refusal("can't have a write-ahead log where it is") }
                return
            } catch let error as SQLiteError {
                guard SQLiteCondition(error) == .busy, self.hasPatience(since: begin) else { throw error }
                usleep(500)
            }
        }
    }
}
