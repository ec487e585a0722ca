internal import CSQLite

/// Stands between SQLite and the write-ahead log, and hands the system in one piece what SQLite writes in many.
///
/// SQLite writes a transaction of nine pages with eighteen calls, a header and a page each time. Here they are put together
/// until SQLite syncs, or does anything else with the file than go on writing: the file sees the same bytes in the same
/// order, and all of them before the sync. Nobody else looks at them before that, since what a log holds is known by an
/// index in shared memory, which SQLite changes after the sync. So this needs `synchronous=FULL`, by which each commit syncs.
///
/// What waits belongs to the transaction that is open. Once that is undone, its place in the file is somebody else's.
///
/// `methods` comes first: SQLite's file points to it, and so to the whole.
struct LogBuffer {
    private var methods: sqlite3_io_methods
    private let original: UnsafePointer<sqlite3_io_methods>
    private let bytes: UnsafeMutableRawPointer
    /// How many bytes wait.
    private var count = 0
    /// Where in the file they belong.
    private var offset: Int64 = 0

    /// In bytes; a longer transaction is written in pieces of this length.
    private static let capacity = 128 << 10

    private typealias File = UnsafeMutablePointer<sqlite3_file>

    /// Puts a buffer before the log of a connection, for as long as that has it open.
    ///
    /// - Parameter connection: One that has read from its file, and is not in a transaction.
    static func attach(to connection: SQLiteConnection) {
        var file: File?
        let code = sqlite3_file_control(connection.handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file)
        guard code == SQLITE_OK, let file, let original = file.pointee.pMethods else { return }
        let buffer = UnsafeMutablePointer<LogBuffer>.allocate(capacity: 1)
        buffer.initialize(to: LogBuffer(before: original))
        sqlite3_rollback_hook(
            connection.handle,
            { buffer in buffer?.assumingMemoryBound(to: LogBuffer.self).pointee.count = 0 }, buffer)
        file.pointee.pMethods = UnsafeRawPointer(buffer).assumingMemoryBound(to: sqlite3_io_methods.self)
    }

    private init(before original: UnsafePointer<sqlite3_io_methods>) {
        self.original = original
        self.bytes = .allocate(byteCount: Self.capacity, alignment: 16)
        self.methods = original.pointee
        self.methods.xWrite = { file, bytes, count, offset in
            guard let file, let bytes else { return SQLITE_IOERR }
            return LogBuffer.of(file).pointee.write(bytes, Int(count), at: offset, to: file)
        }
        self.methods.xSync = { file, flags in
            LogBuffer.flushed(file) { $0.pointee.xSync($1, flags) }
        }
        self.methods.xRead = { file, bytes, count, offset in
            LogBuffer.flushed(file) { $0.pointee.xRead($1, bytes, count, offset) }
        }
        self.methods.xTruncate = { file, size in
            LogBuffer.flushed(file) { $0.pointee.xTruncate($1, size) }
        }
        self.methods.xFileSize = { file, size in
            LogBuffer.flushed(file) { $0.pointee.xFileSize($1, size) }
        }
        self.methods.xClose = { file in
            // What was committed is written; what still waits never was.
            guard let file else { return SQLITE_OK }
            let buffer = LogBuffer.of(file)
            let original = buffer.pointee.original
            buffer.pointee.bytes.deallocate()
            buffer.deinitialize(count: 1)
            buffer.deallocate()
            file.pointee.pMethods = original
            return original.pointee.xClose(file)
        }
    }

    private static func of(_ file: File) -> UnsafeMutablePointer<LogBuffer> {
        UnsafeMutableRawPointer(mutating: file.pointee.pMethods).assumingMemoryBound(to: LogBuffer.self)
    }

    /// Calls one of the original methods once nothing waits any more.
    private static func flushed(
        _ file: File?, _ call: (UnsafePointer<sqlite3_io_methods>, File) -> Int32
    ) -> Int32 {
        guard let file else { return SQLITE_IOERR }
        let code = Self.of(file).pointee.flush(file)
        return code == SQLITE_OK ? call(Self.of(file).pointee.original, file) : code
    }

    private mutating func write(_ source: UnsafeRawPointer, _ length: Int, at place: Int64, to file: File) -> Int32 {
        if self.count > 0, place != self.offset + Int64(self.count) || self.count + length > Self.capacity {
            let code = self.flush(file)
            guard code == SQLITE_OK else { return code }
        }
        guard length <= Self.capacity else { return self.original.pointee.xWrite(file, source, Int32(length), place) }
        if self.count == 0 { self.offset = place }
        (self.bytes + self.count).copyMemory(from: source, byteCount: length)
        self.count += length
        return SQLITE_OK
    }

    /// Writes what waits. What can't be written is dropped: SQLite undoes the transaction, and writes there again.
    private mutating func flush(_ file: File) -> Int32 {
        guard self.count > 0 else { return SQLITE_OK }
        defer { self.count = 0 }
        return self.original.pointee.xWrite(file, self.bytes, Int32(self.count), self.offset)
    }
}
