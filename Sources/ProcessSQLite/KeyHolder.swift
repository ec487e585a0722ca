internal import ProcessCore

/// The process that an idempotency key was used for, as its row names it: `<id>/<created at>`. The time tells it from another
/// one that was started by the same id once the first was removed and forgotten. An id has no slash.
struct KeyHolder {
    let id: ProcessID
    /// `nil` in a row of a version that kept the id alone.
    let createdAt: Timestamp?

    init(_ record: ProcessRecord) {
        self.id = record.id
        self.createdAt = record.createdAt
    }

    init(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        self.id = ProcessID(trusted: String(parts[0]))
        self.createdAt = parts.count > 1 ? Int64(parts[1]).map(Timestamp.init(milliseconds:)) : nil
    }

    /// As it stands in the row.
    var text: String { self.createdAt.map { "\(self.id)/\($0.milliseconds)" } ?? self.id.text }
}
