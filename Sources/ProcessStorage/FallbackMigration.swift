public import ProcessCore

/// Moves what a fallback store holds into the store it stood in for.
public enum FallbackMigration {
    /// What a move did.
    public struct Report: Hashable, Sendable {
        /// Processes that are in the target now and were not before.
        public var moved = 0
        /// Processes whose id was taken in the target, which keeps its own.
        public var skipped = 0
    }

    /// Inserts every process of the source that is absent from the target.
    ///
    /// It reads page by page and changes nothing in the source, so it may stop anywhere and be done again.
    ///
    /// - Parameters:
    ///   - source: The store to read.
    ///   - target: The store to insert into.
    /// - Returns: What was done.
    /// - Throws: What either store throws; what was moved before stays moved.
    public static func move(
        from source: any ProcessRepository, to target: any ProcessRepository
    ) async throws(ProcessRepositoryError) -> Report {
        var report = Report()
        var query = ProcessQuery()
        query.order = .oldest
        query.limit = 500
        repeat {
            let page = try await source.page(query)
            for record in page.records {
                switch try await target.insert(ProcessInsertion(record, requiresParent: false)) {
                case .inserted: report.moved += 1
                case .replayed, .idempotencyMismatch, .exists, .removed, .parentMissing, .full: report.skipped += 1
                }
            }
            query.after = page.next
        } while query.after != nil
        return report
    }
}
