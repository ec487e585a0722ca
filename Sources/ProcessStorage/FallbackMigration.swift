internal import Glibc
public import ProcessCore

/// Moves what a fallback store gathered into the store it stood in for.
public enum FallbackMigration {
    /// What a move did.
    public struct Report: Hashable, Sendable {
        /// Processes that are in the target now and were not before.
        public var moved = 0
        /// Processes whose id was taken or removed in the target, which keeps what it has.
        public var skipped = 0
    }

    /// Inserts every process of the source that changed since a time and is absent from the target.
    ///
    /// It reads page by page and changes nothing in the source, so it may stop anywhere and be done again, by several
    /// instances at once.
    ///
    /// - Parameters:
    ///   - source: The store to read.
    ///   - target: The store to insert into.
    ///   - since: Passes over what last changed before it; what was moved once and cleaned up in the target since must not
    ///     come back. `nil` passes over nothing.
    /// - Returns: What was done.
    /// - Throws: What either store throws; what was moved before stays moved.
    public static func move(
        from source: any ProcessRepository, to target: any ProcessRepository, changedSince since: Timestamp?
    ) async throws(ProcessRepositoryError) -> Report {
        var report = Report()
        var query = ProcessQuery()
        query.order = .oldest
        query.limit = 500
        repeat {
            let page = try await source.page(query)
            for record in page.records {
                if let since, record.updatedAt < since { continue }
                switch try await target.insert(ProcessInsertion(record, requiresParent: false)) {
                case .inserted: report.moved += 1
                case .replayed, .idempotencyMismatch, .exists, .removed, .parentMissing, .full: report.skipped += 1
                }
            }
            query.after = page.next
        } while query.after != nil
        return report
    }

    /// Remembers, in a file beside a fallback's, until when its processes have been moved.
    ///
    /// The fallback's own file stays as it is: another instance may still be working on it.
    struct Mark {
        private let path: String

        init(beside storePath: String) {
            self.path = storePath + ".moved"
        }

        /// The time of the last move; `nil` where there was none, or the mark can't be read.
        var time: Timestamp? {
            guard let file = fopen(self.path, "r") else { return nil }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = fread(&bytes, 1, bytes.count, file)
            return Timestamp(rfc3339: String(decoding: bytes[..<count].prefix { $0 > 0x20 }, as: UTF8.self))
        }

        /// Remembers a time; says whether that could be done.
        func set(_ time: Timestamp) -> Bool {
            let draft = self.path + ".new"
            guard let file = fopen(draft, "w") else { return false }
            let isWritten = fputs(time.rfc3339 + "\n", file) >= 0
            return fclose(file) == 0 && isWritten && rename(draft, self.path) == 0
        }
    }
}
