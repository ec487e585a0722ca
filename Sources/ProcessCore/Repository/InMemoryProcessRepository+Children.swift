import Synchronization

extension InMemoryProcessRepository {
    /// See ``ProcessRepository/children(of:after:limit:)``. In the order of (`createdAt`, id).
    public func children(
        of id: ProcessID, after cursor: ChildCursor?, limit: Int
    ) async throws(ProcessRepositoryError) -> ChildPage {
        try self.checkOpen()
        return self.indexes.withLock { indexes in
            guard let all = indexes.families[id]?.all else { return ChildPage(children: [], next: nil) }
            var position = cursor.map { all.position(after: $0.score, id: $0.id.text) } ?? all.start
            var children: [ChildPage.Child] = []
            var next: ChildCursor?
            while position != all.end {
                if children.count == limit { return ChildPage(children: children, next: next) }
                let item = all[position]
                children.append(ChildPage.Child(id: item.element.id, status: item.element.status))
                next = ChildCursor(score: item.score, id: item.element.id)
                position = all.position(after: position)
            }
            return ChildPage(children: children, next: nil)
        }
    }

    /// See ``ProcessRepository/childCounts(of:)``.
    public func childCounts(of id: ProcessID) async throws(ProcessRepositoryError) -> [ProcessStatus: Int] {
        try self.checkOpen()
        return self.indexes.withLock { indexes in
            guard let family = indexes.families[id] else { return [:] }
            return Dictionary(uniqueKeysWithValues: ProcessStatus.allCases.map { ($0, family.counts[$0]) })
        }
    }
}
