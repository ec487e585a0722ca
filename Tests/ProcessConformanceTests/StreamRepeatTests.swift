import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Output sent again", .timeLimit(.minutes(3)))
struct StreamRepeatTests {
    /// Why an append does not happen; `nil` where it does.
    private func failure(
        _ manager: ProcessManager, _ output: [StreamOutput], attempt: Int? = nil, at firstIndex: Int64? = nil
    ) async -> ProcessError? {
        do {
            _ = try await manager.append(output, to: "a", attempt: attempt, firstIndex: firstIndex)
            return nil
        } catch {
            return error
        }
    }

    private func conflicts(_ manager: ProcessManager, _ output: [StreamOutput], at firstIndex: Int64) async -> Bool {
        guard case .indexConflict = await self.failure(manager, output, at: firstIndex) else { return false }
        return true
    }

    private func refusal(
        _ manager: ProcessManager, _ output: [StreamOutput], at firstIndex: Int64?
    ) async -> ProcessTransition.Refusal? {
        guard case .refused(let refusal, _) = await self.failure(manager, output, attempt: 1, at: firstIndex) else {
            return nil
        }
        return refusal
    }

    @Test("the same under the same index is the same append, and nothing is added", arguments: Backend.allCases)
    func repeated(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let manager = ProcessManager(repository: repository)
            try await repository.keep(.started("a"))
            let sent: [StreamOutput] = ["1", "2"]
            #expect(try await manager.append(["0"], to: "a") == 1...1)
            #expect(try await manager.append(sent, to: "a", firstIndex: 2) == 2...3)
            #expect(try await manager.append(sent, to: "a", firstIndex: 2) == 2...3)
            #expect(try await manager.append(["4"], to: "a", firstIndex: 4) == 4...4)
            #expect(try await manager.append(sent, to: "a", firstIndex: 2) == 2...3)
            #expect(await self.conflicts(manager, ["1", "1"], at: 2))
            #expect(await self.conflicts(manager, sent, at: 6))
            #expect(await self.conflicts(manager, ["4", "5"], at: 4))
            #expect(try await manager.chunks(of: "a").chunks.map(\.data) == ["0", "1", "2", "4"])
        }
    }

    @Test(
        "an append whose answer was lost is found again after the end, and nothing else is", arguments: Backend.allCases
    )
    func afterTheEnd(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let manager = ProcessManager(repository: repository)
            try await repository.keep(.started("a"))
            #expect(try await manager.append(["1"], to: "a", attempt: 1, firstIndex: 1) == 1...1)
            try await manager.change("a", .complete(result: nil))
            #expect(try await manager.append(["1"], to: "a", attempt: 1, firstIndex: 1) == 1...1)
            for (output, index) in [(["2"], 2), (["2"], 1), (["1"], nil)] as [([StreamOutput], Int64?)] {
                #expect(await self.refusal(manager, output, at: index) == .alreadyFinished)
            }
        }
    }

    @Test(
        "what is trimmed can't be compared: the rest decides, and where there is none it conflicts",
        arguments: Backend.allCases)
    func trimmed(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let manager = ProcessManager(repository: repository, keptChunks: 2)
            try await repository.keep(.started("a"))
            let sent: [StreamOutput] = ["1", "2", "3"]
            #expect(try await manager.append(sent, to: "a", firstIndex: 1) == 1...3)
            #expect(try await manager.append(sent, to: "a", firstIndex: 1) == 1...3)
            #expect(try await manager.append(["4", "5"], to: "a") == 4...5)
            #expect(await self.conflicts(manager, sent, at: 1))
            #expect(try await manager.chunks(of: "a").chunks.map(\.index) == [4, 5])
        }
    }

    @Test("a large repeat is compared from page to page", arguments: Backend.allCases)
    func large(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let manager = ProcessManager(repository: repository)
            try await repository.keep(.started("a"))
            var sent = (0..<9).map { number in
                let text = "\"\(number)\(String(repeating: "x", count: 1 << 20))\""
                return StreamOutput(type: "t", data: JSONText(unchecked: Array(text.utf8)))
            }
            #expect(try await manager.append(sent, to: "a", firstIndex: 1) == 1...9)
            #expect(try await manager.append(sent, to: "a", firstIndex: 1) == 1...9)
            sent[8].data = "8"
            #expect(await self.conflicts(manager, sent, at: 1))
            let page = try await manager.chunks(of: "a")
            #expect((3...4).contains(page.chunks.count))
        }
    }

    @Test("a worker that was given up on can't add to its successor's output", arguments: Backend.allCases)
    func fencing(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let manager = ProcessManager(repository: repository)
            try await repository.keep(.queued("a") { $0.maxAttempts = 2 })
            _ = try await manager.claim(ClaimRequest(queues: ["default"]))
            #expect(try await manager.append(["1"], to: "a", attempt: 1) == 1...1)
            try await manager.change("a", .fail(ProcessFailure(code: "x"), mayRetry: true), attempt: 1)
            try await manager.change("a", .cancel(reason: nil, force: true))
            try await manager.change("a", .retry)
            _ = try await manager.claim(ClaimRequest(queues: ["default"]))
            for index in [nil, 1, 2] as [Int64?] {
                #expect(await self.refusal(manager, ["1"], at: index) == .staleAttempt)
            }
            #expect(try await manager.append(["2"], to: "a", attempt: 2) == 3...3)
            #expect(
                try await manager.chunks(of: "a").chunks == [
                    .content(1, "1"), .restart(2, attempt: 2), .content(3, "2"),
                ])
        }
    }

    @Test("the manager's cleanup takes output away that is older than its lifetime", arguments: Backend.allCases)
    func cleanup(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let manager = ProcessManager(
                repository: repository, policy: CleanupPolicy(streamLifetime: .seconds(60)))
            try await repository.keep(.started("a"))
            _ = try await manager.append(["1"], to: "a")
            try await manager.change("a", .complete(result: nil))
            clock.advance(by: .seconds(59))
            _ = try await manager.cleanup(CleanupOptions())
            #expect(try await manager.chunks(of: "a").chunks.count == 1)
            clock.advance(by: .seconds(1))
            var counting = CleanupOptions()
            counting.isDryRun = true
            _ = try await manager.cleanup(counting)
            #expect(try await manager.chunks(of: "a").chunks.count == 1)
            _ = try await manager.cleanup(CleanupOptions())
            #expect(try await manager.chunks(of: "a") == StreamPage(chunks: [], last: 1, status: .completed))
        }
    }
}
