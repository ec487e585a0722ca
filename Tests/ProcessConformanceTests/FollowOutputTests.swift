import ProcessCore
import ProcessTestSupport
import Synchronization
import Testing

@Suite("Following output", .timeLimit(.minutes(3)))
struct FollowOutputTests {
    private func manager(_ repository: any ProcessRepository, keptChunks: Int = 10_000) -> ProcessManager {
        ProcessManager(repository: repository, keptChunks: keptChunks, hub: ChangeHub(clock: ManualTimer()))
    }

    private func output(_ number: Int) -> StreamOutput {
        StreamOutput(type: "t", data: JSONText(unchecked: Array("\(number)".utf8)))
    }

    /// Reads until the end or until it has read enough; returns the indexes in the order they came.
    private func read(
        _ manager: ProcessManager, after index: Int64 = 0, atMost count: Int = .max
    ) async -> (indexes: [Int64], ended: Bool) {
        let seen = Mutex<(indexes: [Int64], ended: Bool)>(([], false))
        await manager.followOutput(of: "a", after: index) { output in
            switch output {
            case .chunks(let chunks):
                for chunk in chunks {
                    #expect(chunk.data == self.output(Int(chunk.index)).data)
                    seen.withLock { $0.indexes.append(chunk.index) }
                }
            case .ended: seen.withLock { $0.ended = true }
            case .gap(let range): Issue.record("nothing was trimmed, but \(range) is missing")
            case .removed: Issue.record("nothing was removed")
            }
            return seen.withLock { $0.indexes.count } < count
        }
        return seen.withLock { $0 }
    }

    /// Reads until the end; returns all that is shown.
    private func all(_ manager: ProcessManager, after index: Int64) async -> [FollowedOutput] {
        let seen = Mutex<[FollowedOutput]>([])
        await manager.followOutput(of: "a", after: index) { output in
            seen.withLock { $0.append(output) }
            return true
        }
        return seen.withLock { $0 }
    }

    @Test(
        "readers on any instance, early, late, twice and after the end, each get every chunk once and in order",
        arguments: Backend.allCases)
    func everyChunkOnce(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            let (here, there) = (manager(first), manager(second))
            try await first.keep(.started("a"))
            let all = Array(Int64(1)...2000)
            await withTaskGroup { group in
                for manager in [here, here, there, there] {
                    group.addTask {
                        let (indexes, ended) = await read(manager)
                        #expect(indexes == all)
                        #expect(ended)
                    }
                }
                // One who goes and comes back fifty times, to another instance each time.
                group.addTask {
                    var seen: [Int64] = []
                    var ended = false
                    for round in 0... {
                        let more = await read(
                            round.isMultiple(of: 2) ? here : there, after: seen.last ?? 0,
                            atMost: round < 50 ? 25 : .max)
                        seen += more.indexes
                        ended = more.ended
                        if ended { break }
                    }
                    #expect(seen == all)
                }
                group.addTask {
                    var number = 0
                    while number < 2000 {
                        let batch = (0..<min(1 + number % 7, 2000 - number)).map { output(number + $0 + 1) }
                        let writer = number.isMultiple(of: 2) ? here : there
                        guard let range = try? await writer.append(batch, to: "a") else {
                            Issue.record("the output was not taken")
                            break
                        }
                        number = Int(range.upperBound)
                    }
                    _ = try? await there.change("a", .complete(result: "null"))
                }
            }
            let (indexes, ended) = await read(there, after: 1990)
            #expect(indexes == Array(1991...2000))
            #expect(ended)
            #expect(await read(here, after: 2000).indexes.isEmpty)
        }
    }

    @Test("what is kept no more is told as a gap, on any instance", arguments: Backend.allCases)
    func gap(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            let here = manager(first, keptChunks: 3)
            try await first.keep(.started("a"))
            for number in 1...10 { _ = try await here.append([output(number)], to: "a") }
            _ = try await here.change("a", .complete(result: "null"))
            let seen = await all(manager(second), after: 2)
            let chunks = (8...10).map { StreamChunk(index: Int64($0), type: "t", data: output($0).data) }
            #expect(seen == [.gap(3...7), .chunks(chunks), .ended(try await first.record("a"))])
        }
    }

    @Test("one that is tried again, and ends again, while its end is looked at is shown with all its output")
    func triedAgain() async throws {
        let memory = InMemoryProcessRepository(now: ManualClock().read)
        try await memory.keep(.started("a"))
        let other = manager(memory)
        _ = try await other.append([output(1)], to: "a")
        try await other.change("a", .cancel(reason: nil, force: true))
        let isFirstLook = Atomic(true)
        let interposed = InterposedRepository(
            memory,
            afterChunks: { _ in
                guard isFirstLook.exchange(false, ordering: .sequentiallyConsistent) else { return }
                _ = try? await other.change("a", .retry)
                _ = try? await other.append([output(2)], to: "a")
                _ = try? await other.change("a", .complete(result: nil))
            })
        let seen = await all(manager(interposed), after: 0)
        #expect(
            seen == [
                .chunks([StreamChunk(index: 1, type: "t", data: "1")]),
                .chunks([.restart(2, attempt: 2), StreamChunk(index: 3, type: "t", data: "2")]),
                .ended(try await memory.record("a")),
            ])
    }

    @Test("a reader that says it has more than there ever was is shown the end", arguments: Backend.allCases)
    func ahead(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let manager = manager(repository)
            try await repository.keep(.started("a"))
            _ = try await manager.append([output(1)], to: "a")
            try await manager.change("a", .complete(result: nil))
            #expect(await all(manager, after: 1000) == [.ended(try await repository.record("a"))])
        }
    }

    @Test("a reader of one that is not there, or is removed meanwhile, is told so", arguments: Backend.allCases)
    func removed(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let manager = manager(repository)
            let seen = await all(manager, after: 0)
            #expect(seen == [.removed])
        }
    }
}
