public import ProcessCore
public import ProcessSQLite

/// Moves what a fallback's file gathered into the store it stood in for.
public enum FallbackMigration {
    /// What a move did.
    public struct Report: Sendable {
        /// How many processes are in the target now and were not before.
        public var moved = 0
        /// How many stay in the file: the target knows another process, or a removed one, by their ids, or their output can't
        /// be read, or not be kept.
        public var kept = 0
        /// The first of the ids of those.
        public var keptIDs: [ProcessID] = []
        /// Why it ended early, if it did.
        public var failure: Failure?
    }

    /// Which of the two stores ended a move.
    public enum Failure: Error {
        /// The file.
        case source(ProcessRepositoryError)
        /// The store it stood in for.
        case target(ProcessRepositoryError)
    }

    /// For how long a fallback answers that a process was moved, rather than that there is none.
    static let memory = Duration.seconds(7 * 24 * 3600)

    private static let mostIDs = 10
    private static let largestBatch = 256
    /// How many chunks of output, and of how many bytes, are sent at once.
    private static let portionLimit = 1000
    private static let portionBytes = 1 << 20

    /// Moves every process of the source.
    ///
    /// Each is out of everybody's reach in the source before it is inserted into the target, behind its output, and is
    /// forgotten there afterwards. So the move may stop anywhere and be done again, by several instances at once, while others work on the
    /// file: each process is in one place at a time, and is changed in one place only.
    ///
    /// - Parameters:
    ///   - source: The file.
    ///   - target: The store to insert into.
    /// - Returns: What was done.
    public static func move(
        from source: SQLiteProcessRepository, to target: any MoveTarget
    ) async -> Report {
        var report = Report()
        do throws(ProcessRepositoryError) {
            var place: Int64? = 0
            while let after = place {
                let batch = try await source.moving(after: after, limit: self.largestBatch)
                guard try await self.move(batch, from: source, to: target, &report) else { return report }
                place = batch.next
            }
            place = 0
            // A target that takes nothing is found out with few processes, which are out of reach until it does.
            var limit = 1
            while let after = place {
                let batch = try await source.beginMoving(after: after, limit: limit)
                guard try await self.move(batch, from: source, to: target, &report) else { return report }
                place = batch.next
                limit = min(limit * 4, self.largestBatch)
            }
        } catch {
            report.failure = .source(error)
        }
        return report
    }

    /// Moves what is out of reach in the source.
    ///
    /// - Returns: Whether the target took it.
    /// - Throws: The source's errors.
    private static func move(
        _ batch: MovingBatch, from source: SQLiteProcessRepository, to target: any MoveTarget, _ report: inout Report
    ) async throws(ProcessRepositoryError) -> Bool {
        var arrived: [ProcessID] = []
        for process in batch.processes {
            let outcome: Outcome
            do {
                outcome = try await self.move(process, from: source, to: target)
            } catch {
                report.failure = error
                break
            }
            if outcome == .moved { report.moved += 1 }
            if outcome == .kept {
                report.kept += 1
                if report.keptIDs.count < self.mostIDs { report.keptIDs.append(process.record.id) }
            } else {
                arrived.append(process.record.id)
            }
        }
        if !arrived.isEmpty { try await source.endMoving(arrived, rememberedFor: self.memory) }
        return report.failure == nil
    }

    /// What came of one process.
    private enum Outcome {
        case moved, movedBefore, kept
    }

    private static func move(
        _ process: MovingProcess, from source: SQLiteProcessRepository, to target: any MoveTarget
    ) async throws(Failure) -> Outcome {
        if process.output != nil, try await !self.moveOutput(of: process.record.id, from: source, to: target) {
            return .kept
        }
        return try await self.insert(process, into: target)
    }

    private static func insert(_ process: MovingProcess, into target: any MoveTarget) async throws(Failure) -> Outcome {
        let outcome: InsertOutcome
        do { outcome = try await target.insert(process) } catch { throw .target(error) }
        switch outcome {
        case .inserted: return .moved
        case .exists(.found(let other)) where self.hasArrived(process.record, as: other): return .movedBefore
        case .replayed(.found(let other)) where self.hasArrived(process.record, as: other): return .movedBefore
        case .replayed, .idempotencyMismatch:
            // The key started another process there meanwhile, and stays with that.
            return try await self.insert(MovingProcess(process.record, output: process.output), into: target)
        case .exists, .removed, .parentMissing, .full: return .kept
        }
    }

    /// Moves the output of a process that is not in the target yet.
    ///
    /// - Returns: Whether it is there, or need not be, since something else is known by the id.
    private static func moveOutput(
        of id: ProcessID, from source: SQLiteProcessRepository, to target: any MoveTarget
    ) async throws(Failure) -> Bool {
        var index: Int64 = 0
        while true {
            let chunks: [StreamChunk]
            do {
                chunks = try await source.movingChunks(
                    of: id, after: index, limit: self.portionLimit, byteLimit: self.portionBytes)
            } catch {
                // Somebody else wrote what can't be read; a process is not moved without it.
                if error.code == .unexpectedAnswer { return false }
                throw .source(error)
            }
            if chunks.isEmpty, index > 0 { return true }
            do {
                switch try await target.keep(chunks, of: id, after: index) {
                case .kept:
                    guard let last = chunks.last else { return true }
                    index = last.index
                case .incomplete: index = 0
                case .known: return true
                case .foreign: return false
                }
            } catch {
                throw .target(error)
            }
        }
    }

    /// Whether a process of the target came of one that is out of reach in the source, by a move that ended early.
    private static func hasArrived(_ record: ProcessRecord, as other: ProcessRecord) -> Bool {
        other.id == record.id && other.createdAt == record.createdAt && other.kind == record.kind
            && other.revision >= record.revision
    }
}
