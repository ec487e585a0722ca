extension ProcessManager {
    /// Counts the children of a process, those that have finished included.
    ///
    /// - Parameter id: The parent.
    /// - Returns: How many there are of each status; those below them are not counted.
    /// - Throws: `store`.
    public func childCounts(of id: ProcessID) async throws(ProcessError) -> [ProcessStatus: Int] {
        do { return try await self.repository.childCounts(of: id) } catch { throw .store(error) }
    }

    /// Cancels a process and everything below it that has not finished, through all levels.
    ///
    /// The process itself comes first, so that it starts no more. One that has ended already stays as it is, and what
    /// is below it is cancelled all the same. What is started below it while this goes on is found as long as its parent
    /// still is looked at; it is not one step, and where the store fails in between, the same again does the rest.
    ///
    /// - Parameters:
    ///   - id: The process.
    ///   - reason: Why, for all of them.
    ///   - force: Whether not to wait for workers.
    ///   - precondition: What the caller believes the process itself to be.
    /// - Returns: The process after it.
    /// - Throws: `notFound`, `removed`, `corrupt`, `refused` where the precondition does not hold, `store`.
    public func cancelTree(
        _ id: ProcessID, reason: String?, force: Bool, precondition: ProcessTransition.Precondition? = nil
    ) async throws(ProcessError) -> ProcessRecord {
        let change = ProcessChange.cancel(reason: reason, force: force)
        let record: ProcessRecord
        do {
            record = try await self.apply(change, to: id, precondition: precondition).record
        } catch {
            guard case .refused(.alreadyFinished, let finished) = error else { throw error }
            record = finished
        }
        // An id that was removed, forgotten and used again could stand below itself.
        var seen: Set<ProcessID> = [id]
        var parents = [id]
        while let parent = parents.popLast() {
            for child in try await self.cancelChildren(of: parent, by: change) where seen.insert(child).inserted {
                parents.append(child)
            }
        }
        return record
    }

    /// How many children are looked at, and cancelled at once.
    private static let childBatch = 100
    /// How often the children of one process are gone through: again as long as there was something to cancel, since one
    /// whose status changed meanwhile may have been passed over.
    private static let mostPasses = 10

    /// - Returns: All children, those that had finished included.
    private func cancelChildren(
        of parent: ProcessID, by change: ProcessChange
    ) async throws(ProcessError) -> Set<ProcessID> {
        var children: Set<ProcessID> = []
        for _ in 0..<Self.mostPasses {
            var changed = false
            var cursor: ChildCursor?
            repeat {
                let page: ChildPage
                do {
                    page = try await self.repository.children(of: parent, after: cursor, limit: Self.childBatch)
                } catch {
                    throw .store(error)
                }
                children.formUnion(page.children.map(\.id))
                let unfinished = page.children.filter { !$0.status.isFinished }.map(\.id)
                if try await self.cancel(unfinished, by: change) { changed = true }
                cursor = page.next
            } while cursor != nil
            if !changed { break }
        }
        return children
    }

    /// - Returns: Whether that made a difference to any of them.
    private func cancel(_ ids: [ProcessID], by change: ProcessChange) async throws(ProcessError) -> Bool {
        do {
            return try await withThrowingTaskGroup(of: Bool.self) { group in
                for id in ids { group.addTask { try await self.cancel(id, by: change) } }
                return try await group.reduce(false) { $0 || $1 }
            }
        } catch {
            throw Self.wrap(error)
        }
    }

    private func cancel(_ id: ProcessID, by change: ProcessChange) async throws(ProcessError) -> Bool {
        do {
            guard case .changed = try await self.apply(change, to: id) else { return false }
            return true
        } catch {
            switch error {
            // It ended, or was removed, while it was on its way to be cancelled.
            case .refused, .notFound, .removed, .corrupt: return false
            case .moved, .exists, .unusable, .idempotencyMismatch, .parentMissing, .full, .indexConflict, .store:
                throw error
            }
        }
    }
}
