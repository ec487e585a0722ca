import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Parents and children", .timeLimit(.minutes(3)))
struct ChildTests {
    private func child(_ id: ProcessID, of parent: ProcessID, queue: String? = nil) -> ProcessRecord {
        .started(id) { start in
            start.parentID = parent
            start.queue = queue
        }
    }

    private func all(of id: ProcessID, _ repository: any ProcessRepository, limit: Int = 100) async throws
        -> [ChildPage.Child]
    {
        var children: [ChildPage.Child] = []
        var cursor: ChildCursor?
        for _ in 0..<1000 {
            let page = try await repository.children(of: id, after: cursor, limit: limit)
            #expect(page.children.count <= limit)
            children += page.children
            cursor = page.next
            if cursor == nil { return children }
        }
        Issue.record("the walk does not end")
        return children
    }

    @Test("children are found and counted by status, through every change", arguments: Backend.allCases)
    func counts(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.started("parent"), .started("stranger"), child("x", of: "stranger"))
            #expect(try await repository.childCounts(of: "parent").values.allSatisfy { $0 == 0 })
            #expect(try await all(of: "parent", repository).isEmpty)
            try await repository.keep(
                child("a", of: "parent"), child("b", of: "parent"), child("c", of: "parent", queue: "q"),
                child("d", of: "parent", queue: "q"))
            func expectCounts(_ expected: [ProcessStatus: Int]) async throws {
                let counts = try await repository.childCounts(of: "parent")
                for status in ProcessStatus.allCases { #expect(counts[status] ?? 0 == expected[status] ?? 0) }
                let children = try await all(of: "parent", repository, limit: 3)
                #expect(children.map(\.id.text).sorted() == ["a", "b", "c", "d"].prefix(children.count).map { $0 })
                for child in children { #expect(try await repository.record(child.id).status == child.status) }
            }
            try await expectCounts([.running: 2, .pending: 2])
            #expect(try await repository.claim(ClaimRequest(queues: ["q"])).map(\.id) == ["c"])
            try await expectCounts([.running: 3, .pending: 1])
            try await repository.change("a", by: .complete(result: nil))
            try await repository.change("b", by: .fail(ProcessFailure(code: "x"), mayRetry: false))
            try await repository.change("d", by: .cancel(reason: nil, force: false))
            try await expectCounts([.running: 1, .completed: 1, .failed: 1, .cancelled: 1])
            try await repository.change("b", by: .retry)
            try await repository.change("d", by: .retry)
            try await expectCounts([.running: 2, .completed: 1, .pending: 1])
            try await repository.change("a", by: .retain(.forever))
            try await expectCounts([.running: 2, .completed: 1, .pending: 1])
        }
    }

    @Test(
        "a removed child is neither found nor counted; one that has not ended keeps its parent",
        arguments: Backend.allCases)
    func removal(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(
                .finished("parent"), .finished("a", parent: "parent"), .finished("b", .failed, parent: "parent"),
                child("c", of: "parent"))
            #expect(Set(try await repository.removeEverythingFinished().map(\.id)) == ["a", "b"])
            let counts = try await repository.childCounts(of: "parent")
            #expect(counts.filter { $0.value > 0 } == [.running: 1])
            #expect(try await all(of: "parent", repository) == [.init(id: "c", status: .running)])
            try await repository.change("c", by: .complete(result: nil))
            #expect(Set(try await repository.removeEverythingFinished().map(\.id)) == ["parent", "c"])
            #expect(try await all(of: "parent", repository).isEmpty)
        }
    }

    @Test("a walk in small pages finds each child once, whatever the page", arguments: Backend.allCases)
    func pages(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.started("parent"))
            for number in 0..<40 {
                if number % 7 == 0 { clock.advance(by: .milliseconds(1)) }
                let id = ProcessID(trusted: "c\(number)")
                try await repository.keep(
                    .started(id, at: clock.now) { start in
                        start.parentID = "parent"
                        start.queue = number % 3 == 0 ? "q" : nil
                    })
                if number % 4 == 0 { try await repository.change(id, by: .cancel(reason: nil, force: true)) }
            }
            for limit in [1, 3, 7, 39, 40, 41] {
                let ids = try await all(of: "parent", repository, limit: limit).map(\.id)
                #expect(ids.count == 40)
                #expect(Set(ids).count == 40)
            }
        }
    }

    @Test(
        "cancelling a tree ends what has not finished at every level, and nothing beside it",
        arguments: Backend.allCases)
    func tree(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(
                .started("root"), child("done", of: "root"), child("waits", of: "root", queue: "q"),
                child("runs", of: "root"), child("below-done", of: "done"), child("below-runs", of: "runs", queue: "q"),
                child("deep", of: "below-runs"), .started("beside"), child("other", of: "beside"))
            try await repository.change("done", by: .complete(result: nil))
            let manager = ProcessManager(repository: repository)
            let root = try await manager.cancelTree("root", reason: "enough", force: true)
            #expect(root.status == .cancelled)
            for id in ["waits", "runs", "below-done", "below-runs", "deep"] {
                let record = try await repository.record(ProcessID(trusted: id))
                #expect(record.status == .cancelled, "\(id)")
                #expect(record.cancelReason == "enough", "\(id)")
            }
            #expect(try await repository.record("done").status == .completed)
            #expect(try await repository.record("beside").status == .running)
            #expect(try await repository.record("other").status == .running)
        }
    }

    @Test("without force, workers are asked; what was asked stays one revision", arguments: Backend.allCases)
    func cooperative(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(
                .started("root"), child("runs", of: "root"), child("waits", of: "root", queue: "q"))
            let manager = ProcessManager(repository: repository)
            _ = try await manager.cancelTree("root", reason: nil, force: false)
            _ = try await manager.cancelTree("root", reason: nil, force: false)
            let runs = try await repository.record("runs")
            #expect(runs.status == .running)
            #expect(runs.cancelRequested)
            #expect(runs.revision == 2)
            #expect(try await repository.record("waits").status == .cancelled)
        }
    }

    @Test("a family larger than a page is cancelled whole", arguments: Backend.allCases)
    func large(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.finished("root"))
            try await repository.keep(
                (0..<350).map { child(ProcessID(trusted: "c\($0)"), of: "root", queue: $0 % 2 == 0 ? "q" : nil) })
            let root = try await ProcessManager(repository: repository).cancelTree("root", reason: nil, force: true)
            #expect(root.status == .completed, "what has ended stays as it is")
            #expect(try await repository.childCounts(of: "root").filter { $0.value > 0 } == [.cancelled: 350])
        }
    }
}
