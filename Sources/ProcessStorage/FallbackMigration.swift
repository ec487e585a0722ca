public import ProcessCore
public import ProcessSQLite

/// Moves what a fallback's file gathered into the store it stood in for.
public enum FallbackMigration {
    /// What a move did.
    public struct Report: Sendable {
        /// How many processes are in the target now and were not before.
        public var moved = 0
        /// How many stay in the file, since the target knows another process, or a removed one, by their ids.
        public var kept = 0
        /// The first of the ids of those.
        public var keptIDs: [ProcessID] = []
        /// Why it ended early, if it did.
        public var failure: Failure?
    }

    /// Which of the two stores ended a move.
    public enum Failure: Sendable {
        /// The file.
        case source(ProcessRepositoryError)
        /// The store it stood in for.
        case target(ProcessRepositoryError)
    }

    /// For how long a fallback answers that a process was moved, rather than that there is none.
    static let memory = Duration.seconds(7 * 24 * 3600)

    private static let mostIDs = 10
    private static let largestBatch = 256

    /// Moves every process of the source.
    ///
    /// Each is out of everybody's reach in the source before it is inserted into the target, and is forgotten there
    /// afterwards. So the move may stop anywhere and be done again, by several instances at once, while others work on the
    /// file: each process is in one place at a time, and is changed in one place only.
    ///
    /// - Parameters:
    ///   - source: The file.
    ///   - target: The store to insert into.
    /// - Returns: What was done.
    public static func move(
        from source: SQLiteProcessRepository, to target: any ProcessRepository
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
        _ batch: MovingBatch, from source: SQLiteProcessRepository, to target: any ProcessRepository,
        _ report: inout Report
    ) async throws(ProcessRepositoryError) -> Bool {
        var arrived: [ProcessID] = []
        for record in batch.records {
            do throws(ProcessRepositoryError) {
                switch try await target.insert(ProcessInsertion(record, requiresParent: false)) {
                case .inserted:
                    report.moved += 1
                    arrived.append(record.id)
                case .exists(.found(let other)) where self.hasArrived(record, as: other):
                    arrived.append(record.id)
                case .replayed, .idempotencyMismatch, .exists, .removed, .parentMissing, .full:
                    report.kept += 1
                    if report.keptIDs.count < self.mostIDs { report.keptIDs.append(record.id) }
                }
            } catch {
                report.failure = .target(error)
                break
            }
        }
        if !arrived.isEmpty { try await source.endMoving(arrived, rememberedFor: self.memory) }
        return report.failure == nil
    }

    /// Whether a process of the target came of one that is out of reach in the source, by a move that ended early.
    private static func hasArrived(_ record: ProcessRecord, as other: ProcessRecord) -> Bool {
        other.createdAt == record.createdAt && other.kind == record.kind && other.revision >= record.revision
    }
}
