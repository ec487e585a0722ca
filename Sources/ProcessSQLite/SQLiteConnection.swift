internal import CSQLite
internal import Glibc
internal import ProcessCore

/// One connection to a database file; used by one thread at a time, and closed with its last statement.
final class SQLiteConnection {
    let handle: OpaquePointer
    private let patience: UnsafeMutablePointer<Patience>

    /// How a connection is opened.
    enum Mode {
        /// Reads and writes a file that is there.
        case readWrite
        /// Reads only.
        case readOnly
        /// Reads a file that nobody writes to, and leaves no trace beside it.
        case immutable
    }

    /// For how long a lock of somebody else is waited for, and since when.
    private struct Patience {
        var nanoseconds: UInt64
        var begin = MonotonicInstant(nanoseconds: 0)
        var hasWaited = false
    }

    /// Set up once, before the first connection: statistics of memory that nobody reads cost a lock for all threads with
    /// each allocation. Where somebody else has set SQLite up already, this changes nothing.
    private static let library: Int32 = csqlite_config_int(SQLITE_CONFIG_MEMSTATUS, 0)

    /// Opens a connection; SQLite reads nothing from the file yet.
    ///
    /// - Parameters:
    ///   - path: The path of the file, which must be there.
    ///   - mode: What may be done.
    ///   - busyTimeout: For how long a lock of another connection is waited for.
    /// - Throws: What SQLite says.
    init(path: String, mode: Mode, busyTimeout: Duration) throws(SQLiteError) {
        _ = Self.library
        // Without a slash, SQLite would take "file:x" for a URI and ":memory:" for no file at all.
        var name = path.hasPrefix("/") ? path : "./\(path)"
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        switch mode {
        case .readWrite: flags |= SQLITE_OPEN_READWRITE
        case .readOnly: flags |= SQLITE_OPEN_READONLY
        case .immutable:
            flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            name = "file:\(Self.percentEncoded(name))?immutable=1"
        }
        var handle: OpaquePointer?
        let code = sqlite3_open_v2(name, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close(handle)
            throw SQLiteError(code: code, message: "\(message), opening \(path)")
        }
        self.handle = handle
        self.patience = .allocate(capacity: 1)
        self.patience.initialize(to: Patience(nanoseconds: UInt64(max(0, busyTimeout.milliseconds)) * 1_000_000))
        // What somebody wrote into the file must not run code or reach beyond the tables.
        _ = csqlite_db_config_int(handle, SQLITE_DBCONFIG_DEFENSIVE, 1)
        _ = csqlite_db_config_int(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        _ = csqlite_db_config_int(handle, SQLITE_DBCONFIG_DQS_DML, 0)
        _ = csqlite_db_config_int(handle, SQLITE_DBCONFIG_DQS_DDL, 0)
        // SQLite's own back-off sleeps longer and longer, and starves one of two busy writers.
        sqlite3_busy_handler(
            handle,
            { context, tries in
                guard let patience = context?.assumingMemoryBound(to: Patience.self) else { return 0 }
                let now = MonotonicInstant.now
                if tries == 0 { patience.pointee.begin = now }
                guard now.nanoseconds(since: patience.pointee.begin) < patience.pointee.nanoseconds else { return 0 }
                patience.pointee.hasWaited = true
                usleep(500)
                return 1
            }, self.patience)
    }

    deinit {
        sqlite3_close_v2(self.handle)
        self.patience.deallocate()
    }

    /// Whether a transaction is open.
    var isInTransaction: Bool { sqlite3_get_autocommit(self.handle) == 0 }

    /// Says whether a lock of somebody else had to be waited for since this was last asked.
    func takeHasWaited() -> Bool {
        defer { self.patience.pointee.hasWaited = false }
        return self.patience.pointee.hasWaited
    }

    /// How many rows the last statement changed, triggers aside.
    var changes: Int { Int(sqlite3_changes64(self.handle)) }

    /// The number of the last row inserted.
    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(self.handle) }

    /// Whether the file can only be read, whatever was asked for.
    var isReadOnly: Bool { sqlite3_db_readonly(self.handle, "main") == 1 }

    /// The path of the write-ahead log, links followed.
    var logPath: String? {
        guard let file = sqlite3_db_filename(self.handle, "main"), let log = sqlite3_filename_wal(file) else {
            return nil
        }
        return String(cString: log)
    }

    /// Number of rows that statements changed since the connection was opened.
    var totalChanges: Int64 { sqlite3_total_changes64(self.handle) }

    /// Puts what the log holds into the file, so that the log's own room can be used again. Waits for nobody.
    ///
    /// - Returns: Whether nothing is left that only the log holds.
    func emptyLog() -> Bool {
        var (frames, copied) = (Int32(0), Int32(0))
        let code = sqlite3_wal_checkpoint_v2(self.handle, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &copied)
        return code == SQLITE_OK && frames == copied
    }

    /// Ends the use of files that were moved away or replaced, without a trace in what has their names now.
    ///
    /// Closing would leave a log that goes by its name to the next file of that name, and be played onto it. So what it holds
    /// is put into the file that it belongs to, wherever that is now, unless somebody else has that open.
    func partFromLostFiles() {
        _ = csqlite_db_config_int(self.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        guard csqlite_lock_file_exclusively(self.handle) == SQLITE_OK else { return }
        try? self.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    /// How many steps SQLite's machine made for all statements that are prepared now: the work done, whatever else the
    /// computer does.
    var machineSteps: Int {
        var steps = 0
        var statement = sqlite3_next_stmt(self.handle, nil)
        while let current = statement {
            steps += Int(sqlite3_stmt_status(current, SQLITE_STMTSTATUS_VM_STEP, 0))
            statement = sqlite3_next_stmt(self.handle, current)
        }
        return steps
    }

    /// Runs statements without parameters and answers.
    func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(self.handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw self.error(code, sql) }
    }

    /// The first column of the first row of a query, 0 where there is none.
    func integer(_ sql: String) throws(SQLiteError) -> Int64 {
        let statement = try SQLiteStatement(sql, on: self)
        return try statement.step() ? statement.integer(at: 0) : 0
    }

    /// The first column of the first row of a query, empty where there is none.
    func text(_ sql: String) throws(SQLiteError) -> String {
        let statement = try SQLiteStatement(sql, on: self)
        return try statement.step() ? statement.text(at: 0) ?? "" : ""
    }

    /// Reads bytes of the database file itself, which may be no database.
    ///
    /// - Returns: As many as asked for; those beyond the end are 0.
    func readFile(_ count: Int, at offset: Int64) throws(SQLiteError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let code = csqlite_read_file(self.handle, &bytes, Int32(count), offset)
        guard code == SQLITE_OK else { throw SQLiteError(code: code, message: "the file can't be read") }
        return bytes
    }

    /// An error with what SQLite says of it.
    func error(_ code: Int32, _ action: String) -> SQLiteError {
        let isCurrent = sqlite3_extended_errcode(self.handle) == code
        let message = isCurrent ? String(cString: sqlite3_errmsg(self.handle)) : String(cString: sqlite3_errstr(code))
        return SQLiteError(code: code, message: "\(message) (\(action.prefix(60)))")
    }

    private static func percentEncoded(_ path: String) -> String {
        var encoded = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16)
                encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }
}
