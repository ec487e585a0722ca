internal import Glibc
internal import ProcessCore
internal import Synchronization

/// One write on its way into a transaction with others.
struct PendingWrite: Sendable {
    /// The length of its payloads, in bytes.
    let length: Int
    /// Makes the write inside a transaction; what comes back tells its caller, once the transaction is kept.
    ///
    /// May be called again where the transaction was undone.
    let perform: @Sendable (StoreWriter) throws(SQLiteError) -> @Sendable () -> Void
    /// Tells its caller that it could not be done.
    let fail: @Sendable (ProcessRepositoryError) -> Void
    /// Whether it only tries whether writing works, which says nothing of whether there is room for more than that.
    var isTrial = false
}

/// How the store's writes went, for tests, benchmarks and health.
struct WriteStatistics: Sendable {
    /// Transactions that were kept.
    var transactions = 0
    /// Writes in them.
    var writes = 0
    /// Why the latest transaction was not kept; `nil` where it was. A failure of the disk stands until
    /// something was written.
    var failure: ProcessRepositoryError?
    /// Since when a transaction has been waiting for the file's lock, if one is.
    var waitsSince: MonotonicInstant?
}

/// Puts all writes that wait into one transaction, so that they share its sync, and answers them once it is kept.
///
/// Where one of them fails, the transaction is undone and tried again in halves, until the one that fails stands alone:
/// the others do not suffer from it.
final class GroupCommitter {
    private let writer: StoreWriter
    private let statistics: SharedWriteStatistics
    private let files: StoreFiles
    /// Why a write of the batch that is being kept met a disk that did not take it.
    private var diskFailure: ProcessRepositoryError?
    /// When the log's room could not be used again for lack of room in the file, so that a full disk is not copied to with
    /// each write that it refuses.
    private var noRoomSince: MonotonicInstant?
    /// How many transactions are still followed by a gap.
    private var politeTransactions = 0

    /// So many transactions after another instance was met, it is left a gap: one that begins the next transaction as soon
    /// as it has ended one would hardly let the other in, which only looks every half millisecond.
    private static let politenessLength = 64
    /// In microseconds; longer than the other one's pause between two looks.
    private static let gap: UInt32 = 700

    init(_ writer: StoreWriter, files: StoreFiles, statistics: SharedWriteStatistics) {
        self.writer = writer
        self.files = files
        self.statistics = statistics
    }

    /// Works on a queue until it is closed and empty.
    func run(_ queue: JobQueue<PendingWrite>) {
        while let writes = queue.takeAll(yielding: true) {
            var rest = writes[...]
            while !rest.isEmpty {
                let batch = self.takeBatch(from: &rest)
                self.commit(batch)
                // Others of its batch may have been taken after it.
                if let failure = self.diskFailure.take() { self.statistics.record(failure: failure) }
            }
        }
        if self.files.findLoss() != nil { self.writer.connection.partFromLostFiles() }
    }

    private func takeBatch(from rest: inout ArraySlice<PendingWrite>) -> ArraySlice<PendingWrite> {
        var length = 0
        var count = 0
        for write in rest.prefix(self.writer.options.mostWritesInTransaction) {
            if length >= self.writer.options.mostBytesInTransaction { break }
            length += write.length
            count += 1
        }
        let batch = rest.prefix(count)
        rest = rest.dropFirst(count)
        return batch
    }

    private func commit(_ batch: ArraySlice<PendingWrite>, mayMakeRoom: Bool = true) {
        let connection = self.writer.connection
        do {
            self.statistics.record(waitsSince: .now)
            defer { self.statistics.record(waitsSince: nil) }
            try self.writer.begin.run()
        } catch {
            // The lock is somebody else's, or the file is out of reach: that concerns all alike.
            self.files.note(error)
            self.fail(batch, error.repositoryError("writing to the store"))
            return
        }
        // The lock may have been waited for, so this is looked at behind it.
        if let loss = self.files.findLoss() {
            self.rollBack()
            self.fail(batch, StoreFiles.error(loss, isWritten: false))
            return
        }
        let changesBefore = connection.totalChanges
        if connection.takeHasWaited() { self.politeTransactions = Self.politenessLength }
        var answers: [@Sendable () -> Void] = []
        answers.reserveCapacity(batch.count)
        do {
            for write in batch { answers.append(try write.perform(self.writer)) }
            try self.writer.finishTransaction()
        } catch {
            self.files.note(error)
            self.rollBack()
            let failure = error.repositoryError("writing to the store")
            if mayMakeRoom, self.makeRoom(after: failure) {
                self.commit(batch, mayMakeRoom: false)
            } else {
                self.retryInHalves(batch, failure)
            }
            return
        }
        do {
            try self.writer.commit.run()
        } catch {
            self.files.note(error)
            self.rollBack()
            let failure = error.commitError
            if mayMakeRoom, self.makeRoom(after: failure) {
                self.commit(batch, mayMakeRoom: false)
            } else if failure.code == .storeFull {
                self.retryInHalves(batch, failure)
            } else {
                self.fail(batch, failure)
            }
            return
        }
        // What was moved away before this commit may have it or not; what is moved from here on has it.
        if let loss = self.files.findLoss() {
            self.fail(batch, StoreFiles.error(loss, isWritten: true))
            return
        }
        let provesRoom = connection.totalChanges != changesBefore && !batch.allSatisfy(\.isTrial)
        self.statistics.record(writes: batch.count, provesRoom: provesRoom)
        for answer in answers { answer() }
        if self.politeTransactions > 0 {
            self.politeTransactions -= 1
            usleep(Self.gap)
        }
    }

    /// Makes room on a full disk where that is possible: a log that can't grow can be begun anew once the file holds all of
    /// it, which needs no room where the file has the pages already. Commits alone would not come to that, as they fail.
    ///
    /// - Returns: Whether there may be room now.
    private func makeRoom(after failure: ProcessRepositoryError) -> Bool {
        guard failure.code == .storeFull else { return false }
        let now = MonotonicInstant.now
        if let noRoomSince, now.nanoseconds(since: noRoomSince) < 1_000_000_000 { return false }
        self.noRoomSince = self.writer.connection.emptyLog() ? nil : now
        return self.noRoomSince == nil
    }

    private func retryInHalves(_ batch: ArraySlice<PendingWrite>, _ failure: ProcessRepositoryError) {
        guard batch.count > 1 else {
            self.fail(batch, failure)
            return
        }
        let half = batch.startIndex + batch.count / 2
        self.commit(batch[..<half])
        self.commit(batch[half...])
    }

    private func fail(_ batch: ArraySlice<PendingWrite>, _ failure: ProcessRepositoryError) {
        self.statistics.record(failure: failure)
        if failure.isOfDisk { self.diskFailure = failure }
        for write in batch { write.fail(failure) }
    }

    /// SQLite undoes the whole transaction by itself after some errors.
    private func rollBack() {
        self.writer.discardTransaction()
        guard self.writer.connection.isInTransaction else { return }
        try? self.writer.connection.execute("ROLLBACK")
    }
}

/// The statistics of a writer's thread, readable from others.
final class SharedWriteStatistics: Sendable {
    private let statistics = Mutex(WriteStatistics())

    /// How the writes went so far.
    var current: WriteStatistics { self.statistics.withLock { $0 } }

    /// Counts a transaction that was kept.
    ///
    /// - Parameters:
    ///   - writes: How many writes were in it.
    ///   - provesRoom: Whether it wrote anything but a trial. A failure of the disk stands until one does.
    func record(writes: Int, provesRoom: Bool) {
        self.statistics.withLock { statistics in
            statistics.transactions += 1
            statistics.writes += writes
            if provesRoom || statistics.failure?.isOfDisk != true { statistics.failure = nil }
        }
    }

    func record(waitsSince instant: MonotonicInstant?) {
        self.statistics.withLock { $0.waitsSince = instant }
    }

    func record(failure: ProcessRepositoryError) {
        self.statistics.withLock { $0.failure = failure }
    }
}
