import ProcessCore
import ProcessTestSupport
import Synchronization
import Testing

@Suite("Following", .timeLimit(.minutes(3)))
struct FollowTests {
    private let timer = ManualTimer()

    private func manager(_ repository: any ProcessRepository) -> ProcessManager {
        ProcessManager(repository: repository, hub: ChangeHub(clock: self.timer))
    }

    /// Follows one process, and gives what is shown as it comes.
    private func follow(
        _ manager: ProcessManager, _ id: ProcessID, knownRevision: Int64? = nil
    ) -> (changes: AsyncStream<FollowedChange>, task: Task<Void, Never>) {
        let (changes, continuation) = AsyncStream<FollowedChange>.makeStream()
        let task = Task {
            await manager.follow(id, knownRevision: knownRevision) { change in
                continuation.yield(change)
                return true
            }
            continuation.finish()
        }
        return (changes, task)
    }

    /// Lets whoever sleeps go on, as often as it sleeps, until the task is cancelled.
    private func letTimePass() -> Task<Void, Never> {
        Task {
            while !Task.isCancelled {
                await self.timer.waitForSleepers(1)
                self.timer.advance(by: .seconds(1))
            }
        }
    }

    private func followAll(
        _ manager: ProcessManager, _ filter: ProcessQuery = ProcessQuery()
    ) -> (changes: AsyncStream<FollowedChange>, task: Task<Void, Never>) {
        let (changes, continuation) = AsyncStream<FollowedChange>.makeStream()
        let task = Task {
            await manager.followAll(filter) { changes in
                for change in changes { continuation.yield(change) }
                return true
            }
            continuation.finish()
        }
        return (changes, task)
    }

    @Test("what waits for a follower of all processes has a bound, and all of it comes", arguments: Backend.allCases)
    func bytes(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            func record(_ id: ProcessID, _ number: Int) -> ProcessRecord {
                .started(id, at: ManualClock.start + .seconds(number)) {
                    $0.input = JSONText(stringLiteral: "\"\(String(repeating: "x", count: 400))\"")
                }
            }
            var filter = ProcessQuery()
            filter.byteLimit = 1000
            let old: [ProcessID] = ["a", "b", "c", "d", "e"]
            for (number, id) in old.enumerated() { try await repository.keep(record(id, number)) }
            let manager = self.manager(repository)
            let (shown, continuation) = AsyncStream<[ProcessID]>.makeStream()
            let task = Task {
                await manager.followAll(filter) { changes in
                    continuation.yield(
                        changes.compactMap { if case .changed(let record) = $0 { record.id } else { nil } })
                    return true
                }
            }
            let time = self.letTimePass()
            var seen = shown.makeAsyncIterator()
            // The newest are found to be too many, and are read anew, the oldest of them first.
            #expect(await seen.next() == [])
            #expect(await seen.next() == ["a", "b", "c"])
            #expect(await seen.next() == ["d", "e"])
            for id in old { _ = try await manager.change(id, .progress(ProgressReport())) }
            var changed: Set<ProcessID> = []
            while changed.count < old.count, let ids = await seen.next() {
                #expect(ids.count <= 3)
                changed.formUnion(ids)
            }
            #expect(changed == Set(old))
            task.cancel()
            time.cancel()
        }
    }

    @Test("a change on any instance is shown on any other, up to the end", arguments: Backend.allCases)
    func acrossInstances(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            let (here, there) = (manager(first), manager(second))
            try await first.keep(.started("a"))
            let (changes, task) = follow(there, "a")
            var seen = changes.makeAsyncIterator()
            #expect(await seen.next() == .changed(try await first.record("a")))
            for report in 1...3 {
                let next = try await here.change("a", .progress(ProgressReport(numbers: .fraction(Double(report) / 4))))
                #expect(await seen.next() == .changed(next))
            }
            let end = try await here.change("a", .complete(result: "7"))
            #expect(await seen.next() == .changed(end))
            #expect(await seen.next() == nil)
            await task.value
        }
    }

    @Test("a reader who comes after the end is shown the end, whatever it knows", arguments: Backend.allCases)
    func afterTheEnd(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let end = try ProcessRecord.finished("a")
            try await repository.keep(end)
            for known in [nil, 1, end.revision, 99] {
                let (changes, task) = follow(manager(repository), "a", knownRevision: known)
                var seen = changes.makeAsyncIterator()
                #expect(await seen.next() == .changed(end))
                #expect(await seen.next() == nil)
                await task.value
            }
        }
    }

    @Test("many readers of many processes are each shown the newest in the end", arguments: Backend.allCases)
    func many(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            let (here, there) = (manager(first), manager(second))
            let ids = (0..<8).map { ProcessID(trusted: "p\($0)") }
            for id in ids { try await first.keep(.started(id)) }
            await withTaskGroup { group in
                for id in ids {
                    for manager in [here, there] {
                        group.addTask {
                            let last = Mutex<(revision: Int64, status: ProcessStatus)>((0, .running))
                            await manager.follow(id) { change in
                                guard case .changed(let record) = change else { return false }
                                last.withLock {
                                    #expect(record.revision > $0.revision)
                                    $0 = (record.revision, record.status)
                                }
                                return true
                            }
                            #expect(last.withLock { $0 } == (22, .completed))
                        }
                    }
                    group.addTask {
                        for _ in 0..<20 { _ = try? await here.change(id, .progress(ProgressReport())) }
                        _ = try? await there.change(id, .complete(result: "null"))
                    }
                }
            }
        }
    }

    @Test("where notices are lost the slow timer shows the change", arguments: Backend.allCases)
    func lostNotices(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let deaf = manager(InterposedRepository(repository, isSilent: true))
            try await repository.keep(.started("a"))
            let (changes, task) = follow(deaf, "a")
            let (all, allTask) = followAll(deaf)
            var seen = changes.makeAsyncIterator()
            var seenOfAll = all.makeAsyncIterator()
            _ = await seen.next()
            _ = await seenOfAll.next()
            let end = try await manager(repository).change("a", .complete(result: "7"))
            let running = Task { await deaf.hub.run() }
            let moving = letTimePass()
            #expect(await seen.next() == .changed(end))
            #expect(await seenOfAll.next() == .changed(end))
            moving.cancel()
            running.cancel()
            allTask.cancel()
            await task.value
            await allTask.value
        }
    }

    @Test("of all processes, what another instance starts, changes and removes is shown", arguments: Backend.allCases)
    func all(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, clock async throws in
            let (here, there) = (manager(first), manager(second))
            try await first.keep(.started("a"))
            let (changes, task) = followAll(there)
            var seen = changes.makeAsyncIterator()
            let moving = letTimePass()
            defer { moving.cancel() }
            #expect(await seen.next() == .changed(try await first.record("a")))
            clock.advance(by: .milliseconds(1))
            let started = try await here.start(ProcessStart(kind: "report")).record
            #expect(await seen.next() == .changed(started))
            let ended = try await here.change("a", .complete(result: "1"))
            #expect(await seen.next() == .changed(ended))
            clock.advance(by: .seconds(1))
            var everything = CleanupOptions()
            everything.olderThan = .milliseconds(1)
            _ = try await here.cleanup(everything)
            // SQLite's other instances can't tell what was removed; its slow look does, for what had not finished.
            if backend != .sqlite { #expect(await seen.next() == .removed("a")) }
            task.cancel()
            await task.value
        }
    }

    @Test("a follower whose task is cancelled, or whose hub is closed, is shown no more", arguments: [true, false])
    func ends(byCancelling: Bool) async throws {
        try await Backend.memory.withRepository { repository, _ async throws in
            let manager = manager(repository)
            try await repository.keep(.started("a"))
            let (changes, task) = follow(manager, "a")
            let (all, allTask) = followAll(manager)
            var (seen, seenOfAll) = (changes.makeAsyncIterator(), all.makeAsyncIterator())
            _ = await seen.next()
            _ = await seenOfAll.next()
            // It gathers what comes next, or would only begin to after the time has passed.
            await timer.waitForSleepers(1)
            if byCancelling {
                task.cancel()
                allTask.cancel()
            } else {
                manager.hub.close()
                timer.advance(by: .seconds(1))
            }
            #expect(await seen.next() == nil)
            #expect(await seenOfAll.next() == nil)
        }
    }

    @Test("one who takes too long to look begins anew rather than to remember everything")
    func tooMany() async throws {
        try await Backend.memory.withRepository { repository, _ async throws in
            let manager = manager(repository)
            let (changes, task) = followAll(manager)
            await timer.waitForSleepers(1)
            for number in 0...10_000 { try await repository.keep(.started(ProcessID(trusted: "p\(number)"))) }
            timer.advance(by: .seconds(1))
            await task.value
            var seen = changes.makeAsyncIterator()
            #expect(await seen.next() == nil)
        }
    }
}
