import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Cleaning up", .timeLimit(.minutes(3)))
struct CleanupTests {
    private func expired(
        by instant: Timestamp, at now: Timestamp? = nil, statuses: Set<ProcessStatus> = ProcessStatus.finished
    ) -> CleanupRequest {
        CleanupRequest(.expired(finishedBy: instant, at: now ?? instant, statuses: statuses))
    }

    private func older(
        by instant: Timestamp, _ statuses: Set<ProcessStatus> = ProcessStatus.finished, includingRetained: Bool = false
    ) -> CleanupRequest {
        CleanupRequest(.older(by: instant, statuses: statuses, includingRetained: includingRetained))
    }

    private func ids(_ tombstones: [Tombstone]) -> [String] { tombstones.map(\.id.text).sorted() }

    /// Runs a cleanup dry and in earnest, and expects both to name the same processes.
    private func expectRemoved(
        _ expected: [String], by request: CleanupRequest, from repository: any ProcessRepository,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let before = try await repository.counts()
        var dry = request
        dry.isDryRun = true
        let counted = try await repository.cleanupAll(dry)
        #expect(ids(counted) == expected, "in a dry run", sourceLocation: sourceLocation)
        #expect(try await repository.counts() == before, "a dry run removes nothing", sourceLocation: sourceLocation)
        for id in expected {
            _ = try await repository.record(ProcessID(trusted: id), sourceLocation: sourceLocation)
        }
        let removed = try await repository.cleanupAll(request)
        #expect(ids(removed) == expected, sourceLocation: sourceLocation)
        #expect(try await repository.counts().total == before.total - expected.count, sourceLocation: sourceLocation)
        for tombstone in removed {
            #expect(try await repository.find(tombstone.id) == .removed(tombstone), sourceLocation: sourceLocation)
        }
    }

    // MARK: Scopes

    @Test("what finished by the time given goes, whatever its end", arguments: Backend.allCases)
    func finishedBy(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            try await repository.keep(
                .finished("a", .completed, at: start), .finished("b", .failed, at: start + .seconds(10)),
                .finished("c", .cancelled, at: start + .seconds(20)),
                .finished("d", .completed, at: start + .milliseconds(20_001)), .started("e", at: start - .seconds(99)),
                .queued("f", at: start - .seconds(99)))
            clock.advance(by: .seconds(60))
            try await expectRemoved([], by: expired(by: start - .milliseconds(1)), from: repository)
            try await expectRemoved(["a", "b", "c"], by: expired(by: start + .seconds(20)), from: repository)
            try await expectRemoved(["d"], by: expired(by: clock.now), from: repository)
            #expect(try await repository.counts().total == 2)
        }
    }

    @Test("what says itself how long it is kept goes then, and not by the time given", arguments: Backend.allCases)
    func ownRetention(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            try await repository.keep(
                .finished("plain"), .finished("short", retain: .after(.seconds(10))),
                .finished("none", .failed, retain: .after(.zero)),
                .finished("long", .cancelled, retain: .after(.seconds(100))), .finished("ever", retain: .forever))
            // Nothing may go by the time given, so only what says so itself goes.
            let never = start - .seconds(1)
            try await expectRemoved(["none"], by: expired(by: never, at: start), from: repository)
            try await expectRemoved([], by: expired(by: never, at: start + .milliseconds(9_999)), from: repository)
            try await expectRemoved(["short"], by: expired(by: never, at: start + .seconds(10)), from: repository)
            // Everything may go by the time given, but not what keeps itself.
            try await expectRemoved(
                ["plain"], by: expired(by: start + .seconds(50), at: start + .seconds(50)), from: repository)
            let late = start + .seconds(100)
            try await expectRemoved(["long"], by: expired(by: late), from: repository)
            try await expectRemoved([], by: expired(by: ExtremeRecords.latest), from: repository)
            #expect(try await repository.counts().total == 1)
        }
    }

    @Test("a timer's cleanup of some statuses leaves the others", arguments: Backend.allCases)
    func expiredStatuses(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(
                .finished("a", .completed), .finished("b", .failed), .finished("c", .cancelled),
                .finished("d", .completed, retain: .after(.zero)), .finished("e", .failed, retain: .after(.zero)))
            try await expectRemoved(["b", "e"], by: expired(by: clock.now, statuses: [.failed]), from: repository)
            try await expectRemoved([], by: expired(by: clock.now, statuses: []), from: repository)
            try await expectRemoved(
                ["a", "c", "d"], by: expired(by: clock.now, statuses: [.completed, .cancelled]), from: repository)
        }
    }

    @Test("a changed retention is the one that counts", arguments: Backend.allCases)
    func changedRetention(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(
                .finished("a"), .finished("b", retain: .forever), .finished("c", retain: .after(.seconds(10))),
                .finished("d", retain: .after(.seconds(90))))
            try await repository.change("a", by: .retain(.forever))
            try await repository.change("b", by: .retain(nil))
            try await repository.change("c", by: .retain(.after(.seconds(90))))
            try await repository.change("d", by: .retain(.after(.seconds(10))))
            clock.advance(by: .seconds(60))
            try await expectRemoved(["b", "d"], by: expired(by: clock.now), from: repository)
            clock.advance(by: .seconds(60))
            try await expectRemoved(["c"], by: expired(by: clock.now), from: repository)
        }
    }

    @Test("what was retried is finished no more", arguments: Backend.allCases)
    func retried(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.finished("a", .failed), .finished("b", .failed, retain: .after(.zero)))
            try await repository.change("a", by: .retry)
            try await repository.change("b", by: .retry)
            clock.advance(by: .seconds(60))
            try await expectRemoved([], by: expired(by: clock.now), from: repository)
            try await expectRemoved([], by: older(by: clock.now, includingRetained: true), from: repository)
            try await repository.change("a", by: .complete(result: nil))
            try await expectRemoved([], by: expired(by: clock.now - .milliseconds(1)), from: repository)
            try await expectRemoved(["a"], by: expired(by: clock.now), from: repository)
        }
    }

    @Test("by age and status, what has a retention of its own stays unless it is included", arguments: Backend.allCases)
    func olderThan(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            try await repository.keep(
                .finished("a", .completed), .finished("b", .failed), .finished("c", .cancelled),
                .finished("d", .failed, at: start + .seconds(9)), .finished("e", .failed, retain: .forever),
                .finished("f", .failed, retain: .after(.zero)), .started("g"), .queued("h"))
            clock.advance(by: .seconds(60))
            try await expectRemoved([], by: older(by: start - .milliseconds(1)), from: repository)
            try await expectRemoved(["b"], by: older(by: start, [.failed]), from: repository)
            try await expectRemoved(
                ["e", "f"], by: older(by: start, [.failed], includingRetained: true), from: repository)
            try await expectRemoved(["a", "c", "d"], by: older(by: clock.now), from: repository)
            try await expectRemoved([], by: older(by: clock.now, []), from: repository)
            #expect(try await repository.counts().total == 2)
        }
    }

    @Test("unfinished ones go by when they were created", arguments: Backend.allCases)
    func unfinished(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            try await repository.keep(
                .queued("a", at: start), .queued("b", runAfter: start + .seconds(99), at: start + .seconds(1)),
                .queued("c", at: start + .seconds(2)), .started("d", at: start), .started("e", at: start + .seconds(2)),
                .started("f", at: start) { $0.retain = .forever }, .finished("g", created: start))
            clock.advance(by: .seconds(60))
            let at = start + .seconds(1)
            try await expectRemoved(["a", "b"], by: older(by: at, [.pending]), from: repository)
            try await expectRemoved(["d"], by: older(by: at, [.running]), from: repository)
            try await expectRemoved(
                ["f", "g"], by: older(by: at, Set(ProcessStatus.allCases), includingRetained: true), from: repository)
            try await expectRemoved(["c", "e"], by: older(by: clock.now, [.pending, .running]), from: repository)
            #expect(try await repository.claim(ClaimRequest(queues: ["default"], limit: 9)).isEmpty)
        }
    }

    @Test("nothing is corrupt where everything can be read", arguments: Backend.allCases)
    func nothingCorrupt(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.finished("a"), .queued("b"), .started("c"))
            try await expectRemoved([], by: CleanupRequest(.corrupt), from: repository)
        }
    }

    // MARK: Children

    @Test("a parent stays until its children have ended, or are gone", arguments: Backend.allCases)
    func children(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.finished("parent"), .finished("ended", .failed, parent: "parent"))
            try await repository.keep(
                .started("running") { $0.parentID = "parent" }, .queued("waiting") { $0.parentID = "parent" })
            clock.advance(by: .seconds(1))
            try await expectRemoved(["ended"], by: expired(by: clock.now), from: repository)
            try await expectRemoved([], by: older(by: clock.now, includingRetained: true), from: repository)
            try await repository.change("running", by: .complete(result: nil))
            try await expectRemoved(["running"], by: expired(by: clock.now), from: repository)
            try await expectRemoved(["waiting"], by: older(by: clock.now, [.pending]), from: repository)
            try await expectRemoved(["parent"], by: expired(by: clock.now), from: repository)
        }
    }

    @Test("children that have ended do not hold their parent, and stay when it goes", arguments: Backend.allCases)
    func endedChildren(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let later = clock.now + .seconds(60)
            try await repository.keep(
                .finished("parent"), .finished("a", at: later, parent: "parent"),
                .finished("b", at: later, parent: "parent"))
            try await expectRemoved(["parent"], by: expired(by: clock.now), from: repository)
            #expect(try await repository.record("a").parentID == "parent")
            try await expectRemoved(["a", "b"], by: expired(by: later), from: repository)
        }
    }

    @Test("a child that is tried again holds its parent again", arguments: Backend.allCases)
    func retriedChild(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.finished("parent"), .finished("child", .failed, parent: "parent"))
            try await repository.change("child", by: .retry)
            try await expectRemoved([], by: expired(by: clock.now), from: repository)
            try await repository.change("child", by: .cancel(reason: nil, force: true))
            try await expectRemoved(["child", "parent"], by: expired(by: clock.now), from: repository)
        }
    }

    @Test("children that came before their parent hold it as well", arguments: Backend.allCases)
    func movedChildren(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.queued("child") { $0.parentID = "parent" })
            try await repository.keep(.finished("parent"))
            try await expectRemoved([], by: expired(by: clock.now), from: repository)
            try await repository.change("child", by: .cancel(reason: nil, force: false))
            try await expectRemoved(["child", "parent"], by: expired(by: clock.now), from: repository)
        }
    }

    @Test("an unfinished parent removed by force still waits for its children", arguments: Backend.allCases)
    func forcedParent(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.started("parent"))
            try await repository.keep(.started("child", at: clock.now + .seconds(5)) { $0.parentID = "parent" })
            try await expectRemoved(
                [], by: older(by: clock.now, [.running], includingRetained: true), from: repository)
        }
    }

    // MARK: Batches

    @Test("a batch removes no more than its limit, and the next goes on from there", arguments: Backend.allCases)
    func batches(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let statuses = [ProcessStatus.completed, .failed, .cancelled]
            let records = try (0..<50).map { number in
                try ProcessRecord.finished(
                    ProcessID(trusted: "p\(number + 10)"), statuses[number % 3],
                    retain: number % 5 == 0 ? .after(.zero) : nil)
            }
            try await repository.keep(records)
            for isDryRun in [true, false] {
                var request = expired(by: clock.now)
                request.limit = 7
                request.isDryRun = isDryRun
                var removed: [Tombstone] = []
                for _ in 0..<50 {
                    let batch = try await repository.cleanup(request)
                    #expect(batch.removed.count <= 7)
                    removed += batch.removed
                    guard let next = batch.next else { break }
                    request.after = next
                }
                #expect(ids(removed) == records.map(\.id.text))
            }
        }
    }

    @Test("a cleanup gets past any number of candidates that have to stay", arguments: Backend.allCases)
    func progress(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            for number in 0..<20 {
                let parent = ProcessID(trusted: "held-\(number)")
                try await repository.keep(.finished(parent))
                try await repository.keep(
                    .started(ProcessID(trusted: "child-\(number)"), at: clock.now + .seconds(60)) {
                        $0.parentID = parent
                    })
            }
            try await repository.keep(.finished("z", at: clock.now + .milliseconds(1)))
            clock.advance(by: .seconds(1))
            for limit in [1, 3, 500] {
                var request = expired(by: clock.now)
                request.limit = limit
                request.isDryRun = limit < 500
                #expect(ids(try await repository.cleanupAll(request)) == ["z"])
            }
        }
    }

    @Test("a cleanup of many equal times leaves none behind", arguments: Backend.allCases)
    func equalTimes(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let records = try (0..<120).map { try ProcessRecord.finished(ProcessID(trusted: "p\($0)")) }
            try await repository.keep(records)
            var request = older(by: clock.now)
            request.limit = 50
            #expect(try await repository.cleanupAll(request).count == 120)
            #expect(try await repository.counts().total == 0)
        }
    }

    @Test(
        "one that changed since the batch before, so that the scope no longer holds it, stays",
        arguments: Backend.allCases)
    func changedMeanwhile(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let records = try (0..<10).map { try ProcessRecord.finished(ProcessID(trusted: "p\($0)"), .failed) }
            try await repository.keep(records)
            var request = expired(by: clock.now)
            request.limit = 3
            let first = try await repository.cleanup(request)
            #expect(first.removed.count == 3)
            for record in records where !first.removed.contains(where: { $0.id == record.id }) {
                try await repository.change(record.id, by: record.id == "p9" ? .retry : .retain(.forever))
            }
            let next = try #require(first.next)
            request.after = next
            #expect(try await repository.cleanupAll(request).isEmpty)
            #expect(try await repository.counts().total == 7)
        }
    }

    @Test("two instances cleaning at once remove each process once", arguments: Backend.allCases)
    func race(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, clock async throws in
            let records = try (0..<200).map { number in
                try ProcessRecord.finished(ProcessID(trusted: "p\(number)"), at: clock.now + .milliseconds(number % 9))
            }
            try await first.keep(records)
            clock.advance(by: .seconds(1))
            var request = expired(by: clock.now)
            request.limit = 11
            let removed = try await withThrowingTaskGroup(of: [Tombstone].self) { [request] group in
                for number in 0..<8 {
                    group.addTask { try await (number % 2 == 0 ? first : second).cleanupAll(request) }
                }
                return try await group.reduce(into: [Tombstone]()) { $0 += $1 }
            }
            #expect(ids(removed) == records.map(\.id.text).sorted())
            #expect(try await second.counts().total == 0)
        }
    }

    @Test("of a cleanup and a retry at once, one wins and the other is told", arguments: Backend.allCases)
    func cleanupAgainstRetry(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, clock async throws in
            for number in 0..<20 {
                let record = try ProcessRecord.finished(ProcessID(trusted: "p\(number)"), .failed)
                try await first.keep(record)
                let retried = try record.changed(by: .retry, at: clock.now)
                let request = expired(by: clock.now)
                async let cleaned = first.cleanupAll(request)
                async let outcome = second.replace(retried, ifRevision: record.revision, notBefore: nil)
                let (removed, replaced) = try await (cleaned, outcome)
                if replaced == .replaced {
                    #expect(removed.isEmpty)
                    expectEqual(try await first.record(record.id), retried)
                } else {
                    let tombstone = try #require(removed.first)
                    #expect(replaced == .conflict(.removed(tombstone)))
                }
            }
        }
    }
}
