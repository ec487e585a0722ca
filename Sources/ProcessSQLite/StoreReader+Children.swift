internal import ProcessCore

extension StoreReader {
    /// Statuses in the order in which the index of children has them, which is that of their texts.
    private static let statuses = ProcessStatus.allCases.sorted { $0.rawValue < $1.rawValue }

    /// Pages through the children of a process, by status, then `createdAt`, then id.
    func children(of id: ProcessID, after cursor: ChildCursor?, limit: Int) throws(SQLiteError) -> ChildPage {
        let rows = try self.statement(
            """
            SELECT id, status, created_at FROM processes INDEXED BY processes_children
            WHERE parent_id = ?1 AND (status, created_at, id) > (?2, ?3, ?4) ORDER BY status, created_at, id LIMIT ?5
            """)
        rows.bind(id.text, at: 1)
        let status = cursor.flatMap {
            Self.statuses.indices.contains(Int($0.score)) ? Self.statuses[Int($0.score)] : nil
        }
        rows.bind(status?.rawValue ?? "", at: 2)
        rows.bind(cursor?.createdAt ?? 0, at: 3)
        rows.bind(cursor?.id.text ?? "", at: 4)
        // One more tells whether there is another page.
        rows.bind(limit + 1, at: 5)
        defer { rows.reset() }
        var children: [ChildPage.Child] = []
        var next: ChildCursor?
        while try rows.step() {
            if children.count == limit { return ChildPage(children: children, next: next) }
            // A status that somebody edited stands for none; such a record is a cleanup's business.
            guard let place = Self.statuses.firstIndex(where: { $0.rawValue == rows.text(at: 1) }) else { continue }
            let child = ProcessID(trusted: rows.text(at: 0) ?? "")
            children.append(ChildPage.Child(id: child, status: Self.statuses[place]))
            next = ChildCursor(score: Int64(place), createdAt: rows.integer(at: 2), id: child)
        }
        return ChildPage(children: children, next: nil)
    }

    /// Counts the children of a process by status, from the index alone.
    func childCounts(of id: ProcessID) throws(SQLiteError) -> [ProcessStatus: Int] {
        let rows = try self.statement(
            """
            SELECT status, count(*) FROM processes INDEXED BY processes_children WHERE parent_id = ?1 GROUP BY status
            """)
        rows.bind(id.text, at: 1)
        var counts: [ProcessStatus: Int] = [:]
        while try rows.step() {
            if let status = rows.text(at: 0).flatMap(ProcessStatus.init(rawValue:)) {
                counts[status] = Int(rows.integer(at: 1))
            }
        }
        return counts
    }
}
