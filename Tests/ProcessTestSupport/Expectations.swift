public import ProcessCore
public import Testing

extension ProcessRepository {
    /// Inserts records that nothing stands against, one after the other; parents need not exist.
    ///
    /// - Parameters:
    ///   - records: The records.
    ///   - sourceLocation: Where a failure is shown.
    /// - Throws: What the store throws.
    public func keep(_ records: ProcessRecord..., sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await self.keep(records, sourceLocation: sourceLocation)
    }

    /// Inserts records that nothing stands against, one after the other; parents need not exist.
    ///
    /// - Parameters:
    ///   - records: The records.
    ///   - sourceLocation: Where a failure is shown.
    /// - Throws: What the store throws.
    public func keep(_ records: [ProcessRecord], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for record in records {
            let outcome = try await self.insert(ProcessInsertion(record, requiresParent: false))
            #expect(outcome == .inserted, "inserting \(record.id)", sourceLocation: sourceLocation)
        }
    }

    /// Applies a change to the process as it is in the store, which must be possible and must be the only one.
    ///
    /// - Parameters:
    ///   - id: Which process.
    ///   - change: What happens.
    ///   - sourceLocation: Where a failure is shown.
    /// - Returns: The record after the change.
    /// - Throws: What the store throws, or a refusal.
    @discardableResult
    public func change(
        _ id: ProcessID, by change: ProcessChange, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ProcessRecord {
        let record = try await self.record(id, sourceLocation: sourceLocation)
        let next = try record.changed(by: change, at: self.now())
        let outcome = try await self.replace(next, over: record, notBefore: nil)
        #expect(outcome == .replaced, "changing \(id)", sourceLocation: sourceLocation)
        return next
    }

    /// Puts a record in the place of the one that is there, if that is at a revision.
    ///
    /// - Parameters:
    ///   - record: The whole record as it is to be.
    ///   - revision: The revision that it is said to be made from.
    ///   - instant: Where given, the store refuses as long as its own clock is before it.
    /// - Returns: Whether it was replaced.
    /// - Throws: What the store throws.
    public func replace(
        _ record: ProcessRecord, ifRevision revision: Int64, notBefore instant: Timestamp?
    ) async throws(ProcessRepositoryError) -> ReplaceOutcome {
        var old = record
        if case .found(let current) = try await self.find(record.id) { old = current }
        old.revision = revision
        return try await self.replace(record, over: old, notBefore: instant)
    }

    /// Reads a process that must be there.
    ///
    /// - Parameters:
    ///   - id: Which process.
    ///   - sourceLocation: Where a failure is shown.
    /// - Returns: The record.
    /// - Throws: What the store throws, or an expectation that failed.
    public func record(
        _ id: ProcessID, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ProcessRecord {
        let lookup = try await self.find(id)
        guard case .found(let record) = lookup else {
            Issue.record("\(id) should be there, but is \(lookup)", sourceLocation: sourceLocation)
            throw RecordMissing(id: id)
        }
        return record
    }
}

/// A process that a test relies on is not there.
public struct RecordMissing: Error {
    /// Which one.
    public let id: ProcessID

    /// Takes its id.
    public init(id: ProcessID) {
        self.id = id
    }
}

/// Expects a call to throw a repository's error with a code.
///
/// - Parameters:
///   - code: The code.
///   - sourceLocation: Where a failure is shown.
///   - call: The call.
public func expectCode(
    _ code: ProcessRepositoryError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ call: () async throws -> Void
) async {
    do {
        try await call()
        Issue.record("should have thrown \(code)", sourceLocation: sourceLocation)
    } catch let error as ProcessRepositoryError {
        #expect(error.code == code, sourceLocation: sourceLocation)
        #expect(!error.message.isEmpty, sourceLocation: sourceLocation)
    } catch {
        Issue.record("threw \(error) instead of \(code)", sourceLocation: sourceLocation)
    }
}

/// Expects two records to be equal, and names the fields that differ.
///
/// - Parameters:
///   - actual: What is there.
///   - expected: What should be.
///   - comment: What the test was at.
///   - sourceLocation: Where a failure is shown.
public func expectEqual(
    _ actual: ProcessRecord, _ expected: ProcessRecord, _ comment: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard actual != expected else { return }
    let pairs = zip(Mirror(reflecting: actual).children, Mirror(reflecting: expected).children)
    let differences = pairs.compactMap { left, right -> String? in
        let (was, wanted) = (String(describing: left.value), String(describing: right.value))
        return was == wanted ? nil : "\(left.label ?? "?"): is \(was.prefix(300)), should be \(wanted.prefix(300))"
    }
    Issue.record(
        "\(expected.id) differs \(comment): \(differences.joined(separator: "; "))", sourceLocation: sourceLocation)
}

extension ProcessRepository {
    /// Removes every finished process whose children have ended, batch by batch, those with a `retain` included.
    ///
    /// - Parameter tombstoneLifetime: How long their ids are remembered.
    /// - Returns: What was removed.
    /// - Throws: What the store throws.
    @discardableResult
    public func removeEverythingFinished(
        tombstoneLifetime: Duration = .seconds(7 * 86_400)
    ) async throws -> [Tombstone] {
        let scope = CleanupRequest.Scope.older(
            by: Timestamp(milliseconds: 253_402_300_799_999), statuses: ProcessStatus.finished, includingRetained: true)
        return try await self.cleanupAll(CleanupRequest(scope, tombstoneLifetime: tombstoneLifetime))
    }

    /// Runs a cleanup from batch to batch until there is no more.
    ///
    /// - Parameters:
    ///   - request: The first batch.
    ///   - sourceLocation: Where a failure is shown.
    /// - Returns: What was removed, or would be.
    /// - Throws: What the store throws.
    @discardableResult
    public func cleanupAll(
        _ request: CleanupRequest, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [Tombstone] {
        var request = request
        var removed: [Tombstone] = []
        // More batches than any test needs: a cursor that makes no progress fails instead of going on for ever.
        for _ in 0..<10_000 {
            let batch = try await self.cleanup(request)
            removed += batch.removed
            guard let next = batch.next else { return removed }
            request.after = next
        }
        Issue.record("the cleanup does not end", sourceLocation: sourceLocation)
        return removed
    }
}
