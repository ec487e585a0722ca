internal import CSQLite

/// One prepared statement, used by one thread at a time; keeps its connection open.
///
/// It is prepared once and run again and again: bind, step until there are no more rows, reset.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let connection: SQLiteConnection
    /// Memory for bound texts, so that binding a record does not allocate a dozen times.
    private let arena: UnsafeMutableRawPointer
    private var used = 0

    private static let arenaSize = 4096

    /// Prepares a statement.
    init(_ sql: String, on connection: SQLiteConnection) throws(SQLiteError) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(connection.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else { throw connection.error(code, sql) }
        self.handle = handle
        self.connection = connection
        self.arena = .allocate(byteCount: Self.arenaSize, alignment: 8)
    }

    deinit {
        sqlite3_finalize(self.handle)
        self.arena.deallocate()
    }

    // MARK: Running

    /// Goes to the next row.
    ///
    /// - Returns: Whether there is one; where there is none, or on an error, the statement is reset.
    func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(self.handle)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE {
            self.reset()
            return false
        }
        let error = self.connection.error(code, String(cString: sqlite3_sql(self.handle)))
        self.reset()
        throw error
    }

    /// Runs a statement that answers no rows, or whose rows nobody wants.
    func run() throws(SQLiteError) {
        while try self.step() {}
    }

    /// Ends a run that was not stepped to its end, and lets go of its read lock and of what was bound.
    func reset() {
        sqlite3_reset(self.handle)
        sqlite3_clear_bindings(self.handle)
        self.used = 0
    }

    // MARK: Binding; parameters count from 1, and one that is not bound is NULL

    /// Binds a number.
    func bind(_ value: Int64, at index: Int32) { sqlite3_bind_int64(self.handle, index, value) }

    /// Binds a number.
    func bind(_ value: Int, at index: Int32) { sqlite3_bind_int64(self.handle, index, Int64(value)) }

    /// Binds a number.
    func bind(_ value: Double, at index: Int32) { sqlite3_bind_double(self.handle, index, value) }

    /// Binds a text.
    func bind(_ value: String, at index: Int32) {
        var value = value
        value.withUTF8 { self.bind(UnsafeRawBufferPointer($0), at: index) }
    }

    /// Binds a text given as UTF-8, which is copied.
    func bind(_ bytes: UnsafeRawBufferPointer, at index: Int32) {
        guard let base = bytes.baseAddress, !bytes.isEmpty, bytes.count <= Self.arenaSize - self.used else {
            // A null pointer would bind NULL; any other does for an empty text.
            let base = bytes.isEmpty ? UnsafeRawPointer(self.arena) : bytes.baseAddress
            csqlite_bind_text_transient(self.handle, index, base, Int32(bytes.count))
            return
        }
        let target = self.arena + self.used
        target.copyMemory(from: base, byteCount: bytes.count)
        self.used += bytes.count
        csqlite_bind_text_static(self.handle, index, target, Int32(bytes.count))
    }

    // MARK: Reading; columns count from 0

    /// Whether a column is NULL.
    func isNull(at index: Int32) -> Bool { sqlite3_column_type(self.handle, index) == SQLITE_NULL }

    /// Whether a column holds an integer.
    func isInteger(at index: Int32) -> Bool { sqlite3_column_type(self.handle, index) == SQLITE_INTEGER }

    /// A number; 0 where there is none.
    func integer(at index: Int32) -> Int64 { sqlite3_column_int64(self.handle, index) }

    /// A number; 0 where there is none.
    func double(at index: Int32) -> Double { sqlite3_column_double(self.handle, index) }

    /// A text; `nil` where the column is NULL. Bytes that are not UTF-8 are replaced.
    func text(at index: Int32) -> String? {
        self.withText(at: index) { $0.map { String(decoding: $0, as: UTF8.self) } }
    }

    /// Gives access to a text without a copy; the pointer is valid only inside `body`, and `nil` where the column is NULL.
    func withText<Answer, Failure: Error>(
        at index: Int32, _ body: (UnsafeRawBufferPointer?) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        guard let base = sqlite3_column_text(self.handle, index) else { return try body(nil) }
        let count = Int(sqlite3_column_bytes(self.handle, index))
        return try body(UnsafeRawBufferPointer(start: base, count: count))
    }
}
