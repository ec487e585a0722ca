internal import ProcessCore
internal import Synchronization

/// Connections for short reads on the threads of their callers.
///
/// A read does not suspend, so there are never more connections than threads that read at once.
///
/// `@unchecked Sendable`: a reader is in `idle` or with the one call that took it out, never both.
final class ReaderPool: @unchecked Sendable {
    private struct State {
        var idle: [StoreReader] = []
        var isClosed = false
    }

    private let file: SQLiteStoreFile
    private let files: StoreFiles
    private let unreadableRows: UnreadableRows
    private let lock = Mutex(())
    /// Touched with `lock` held.
    private var state = State()

    init(_ file: SQLiteStoreFile, files: StoreFiles, unreadableRows: UnreadableRows) {
        self.file = file
        self.files = files
        self.unreadableRows = unreadableRows
    }

    /// Reads with a connection that nobody else uses meanwhile.
    func read<Answer>(
        _ body: (StoreReader) throws(SQLiteError) -> Answer
    ) throws(ProcessRepositoryError) -> Answer {
        do {
            let reader = try self.take()
            defer { self.put(reader) }
            return try body(reader)
        } catch let error as SQLiteError {
            self.files.note(error)
            throw error.repositoryError("reading from the store")
        } catch let error as ProcessRepositoryError {
            throw error
        } catch {
            throw ProcessRepositoryError(.unexpectedAnswer, "reading from the store failed", underlying: error)
        }
    }

    /// Closes the connections that are idle, and the others when they come back.
    func close() {
        let idle = self.lock.withLock { _ in
            self.state.isClosed = true
            defer { self.state.idle = [] }
            return Unchecked(self.state.idle)
        }
        _ = consume idle
    }

    private func take() throws -> StoreReader {
        let (idle, isClosed) = self.lock.withLock { _ in (Unchecked(self.state.idle.popLast()), self.state.isClosed) }
        if isClosed { throw ProcessRepositoryError.closed }
        if let idle = idle.value { return idle }
        // A new connection would read from whatever is in the file's place now.
        if let loss = self.files.findLoss() { throw StoreFiles.error(loss, isWritten: false) }
        return try StoreReader(try self.file.openForReading(), unreadableRows: self.unreadableRows)
    }

    private func put(_ reader: StoreReader) {
        let reader = Unchecked(reader)
        self.lock.withLock { _ in if !self.state.isClosed { self.state.idle.append(reader.value) } }
    }

    /// Carries a reader over the border of the lock; it belongs to the pool or to one call, as said above.
    private struct Unchecked<Value>: @unchecked Sendable {
        let value: Value

        init(_ value: Value) {
            self.value = value
        }
    }
}

extension ProcessRepositoryError {
    /// What calls get after ``ProcessRepository/close()``.
    static let closed = ProcessRepositoryError(.unavailable, "the store is closed")
}
