import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Output in the life of a process", .timeLimit(.minutes(3)))
struct StreamLifeTests {
    /// Every state in which output may come, with every attempt that it may name.
    @Test("a store takes output exactly where the pure function does", arguments: Backend.allCases)
    func judgement(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            var records: [ProcessRecord] = []
            for queue in [nil, "q"] {
                func started(_ name: String) -> ProcessRecord {
                    .started(ProcessID(trusted: "\(name)-\(queue ?? "none")")) {
                        $0.queue = queue
                        $0.maxAttempts = 3
                    }
                }
                func run(_ record: ProcessRecord) throws -> ProcessRecord {
                    queue == nil ? record : try record.changed(by: .claim(ProcessClaim()), at: clock.now)
                }
                records.append(started("new"))
                records.append(try run(started("running")))
                let failed = try run(started("failed")).changed(
                    by: .fail(ProcessFailure(code: "x"), mayRetry: false), at: clock.now)
                records.append(failed)
                records.append(
                    try run(started("again")).changed(
                        by: .fail(ProcessFailure(code: "x"), mayRetry: true), at: clock.now))
                records.append(try run(started("completed")).changed(by: .complete(result: nil), at: clock.now))
                let retried = try run(started("retried")).changed(
                    by: .cancel(reason: nil, force: true), at: clock.now
                ).changed(by: .retry, at: clock.now)
                records.append(try run(retried))
                records.append(
                    try run(started("asked")).changed(by: .cancel(reason: nil, force: false), at: clock.now))
            }
            try await repository.keep(records)
            for record in records {
                for attempt in [nil, 1, 2, 3] {
                    let append = StreamAppend(to: record.id, ["1"], attempt: attempt)
                    let isTaken = (try? append.judge(record)) == .appended
                    switch try await repository.append(append) {
                    case .appended: #expect(isTaken, "\(record.id), attempt \(attempt ?? 0)")
                    case .refused(let lookup):
                        #expect(!isTaken, "\(record.id), attempt \(attempt ?? 0)")
                        #expect(lookup == .found(record))
                    case .misplaced: Issue.record("no index was asked for")
                    }
                }
            }
        }
    }

    @Test("of many appends at once with the end, none comes after it", arguments: Backend.allCases)
    func race(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            for round in 0..<5 {
                let id = ProcessID(trusted: "p\(round)")
                try await first.keep(.started(id))
                let lastAtEnd = try await withThrowingTaskGroup(of: Int64?.self) { group in
                    for number in 0..<40 {
                        let repository = number % 2 == 0 ? first : second
                        group.addTask {
                            if number == 20 {
                                try await first.change(id, by: .complete(result: nil))
                                return try await second.page(of: id).last
                            }
                            switch try await repository.append(StreamAppend(to: id, ["1"])) {
                            case .appended: break
                            case .refused(.found(let record)): #expect(record.status == .completed)
                            case let other: Issue.record("\(other)")
                            }
                            return nil
                        }
                    }
                    return try await group.reduce(nil) { $0 ?? $1 }
                }
                let page = try await first.page(of: id)
                #expect(page.status == .completed)
                #expect(page.last == lastAtEnd)
                #expect(page.chunks.count == Int(page.last))
            }
        }
    }

    @Test(
        "the output of a later attempt goes on behind a restart with an index of its own", arguments: Backend.allCases)
    func restart(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.started("a"))
            try await repository.append(to: "a", "1", "2")
            for _ in 0..<2 {
                // An attempt without output leaves no trace.
                try await repository.change("a", by: .cancel(reason: nil, force: true))
                try await repository.change("a", by: .retry)
            }
            #expect(try await repository.append(StreamAppend(to: "a", ["3"], firstIndex: 3)) == .misplaced(next: 4))
            #expect(try await repository.append(to: "a", "3", "4", attempt: 3, at: 4) == 4...5)
            #expect(try await repository.append(to: "a", "5") == 6...6)
            let chunks: [StreamChunk] = [
                .content(1, "1"), .content(2, "2"), .restart(3, attempt: 3), .content(4, "3"), .content(5, "4"),
                .content(6, "5"),
            ]
            #expect(try await repository.page(of: "a").chunks == chunks)
        }
    }

    @Test("nothing marks off the first output there is, whatever its attempt", arguments: Backend.allCases)
    func firstOutput(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.started("a"))
            try await repository.change("a", by: .cancel(reason: nil, force: true))
            try await repository.change("a", by: .retry)
            #expect(try await repository.append(to: "a", "1") == 1...1)
        }
    }

    @Test("output goes with its process, and a later process of the same id begins anew", arguments: Backend.allCases)
    func removal(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.started("a"), .started("b"))
            try await repository.append(to: "a", "1", "2")
            try await repository.append(to: "b", "7")
            try await repository.change("a", by: .complete(result: nil))
            try await repository.removeEverythingFinished(tombstoneLifetime: .zero)
            #expect(try await repository.chunks(of: "a", after: 0, limit: 10, byteLimit: 100) == nil)
            try await repository.keep(.started("a"))
            #expect(try await repository.page(of: "a") == StreamPage(chunks: [], last: 0, status: .running))
            #expect(try await repository.append(to: "a", "3") == 1...1)
            while try await repository.removeStreams(endedBy: clock.now) {}
            #expect(try await repository.page(of: "a").chunks == [.content(1, "3")])
            #expect(try await repository.page(of: "b").chunks == [.content(1, "7")])
        }
    }

    @Test("output goes when its process ended long enough ago, and not before", arguments: Backend.allCases)
    func lifetime(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let begin = clock.now
            try await repository.keep(.started("early"), .started("late"), .started("running"), .started("silent"))
            for id: ProcessID in ["early", "late", "running"] { try await repository.append(to: id, "1", "2") }
            clock.advance(by: .seconds(100))
            try await repository.change("early", by: .complete(result: nil))
            clock.advance(by: .seconds(10))
            try await repository.change("late", by: .complete(result: nil))
            try await repository.change("silent", by: .complete(result: nil))
            clock.advance(by: .seconds(1000))
            func sweep(endedBy instant: Timestamp) async throws -> [Int] {
                for _ in 0..<100 {
                    if try await repository.removeStreams(endedBy: instant) { continue }
                    var counts: [Int] = []
                    for id: ProcessID in ["early", "late", "running", "silent"] {
                        counts.append(try await repository.page(of: id).chunks.count)
                    }
                    return counts
                }
                Issue.record("the removal does not end")
                return []
            }
            #expect(try await sweep(endedBy: begin) == [2, 2, 2, 0])
            #expect(try await sweep(endedBy: begin + .milliseconds(99_999)) == [2, 2, 2, 0])
            #expect(try await sweep(endedBy: begin + .seconds(100)) == [0, 2, 2, 0])
            #expect(try await sweep(endedBy: clock.now) == [0, 0, 2, 0])
            // Even where the time is that of the sweep itself, it comes to an end.
            #expect(try await sweep(endedBy: clock.now + .seconds(5)) == [0, 0, 2, 0])
            #expect(try await repository.page(of: "early") == StreamPage(chunks: [], last: 2, status: .completed))
            #expect(try await repository.page(of: "early").gap(after: 0) == 1...2)

            try await repository.change("running", by: .complete(result: nil))
            #expect(try await sweep(endedBy: clock.now + .seconds(10)) == [0, 0, 0, 0])
        }
    }

    @Test(
        "a process whose output went goes on with the index after it, and its output goes again",
        arguments: Backend.allCases)
    func secondLife(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.started("a"))
            try await repository.append(to: "a", "1", "2")
            try await repository.change("a", by: .cancel(reason: nil, force: true))
            while try await repository.removeStreams(endedBy: clock.now) {}
            try await repository.change("a", by: .retry)
            #expect(try await repository.append(to: "a", "3") == 4...4)
            #expect(try await repository.page(of: "a").chunks == [.restart(3, attempt: 2), .content(4, "3")])
            try await repository.change("a", by: .complete(result: nil))
            while try await repository.removeStreams(endedBy: clock.now) {}
            #expect(try await repository.page(of: "a") == StreamPage(chunks: [], last: 4, status: .completed))
        }
    }

    @Test("a great deal of output goes in bounded calls that come to an end", arguments: Backend.allCases)
    func boundedRemoval(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let output = (0..<700).map { _ in StreamOutput(type: "t", data: "1") }
            for id: ProcessID in ["gone", "kept"] {
                try await repository.keep(.started(id))
                for _ in 0..<2 { _ = try await repository.append(StreamAppend(to: id, output)) }
                try await repository.change(id, by: .complete(result: nil))
                if id == "gone" { try await repository.removeEverythingFinished() }
            }
            var calls = 0
            while try await repository.removeStreams(endedBy: clock.now) {
                calls += 1
                try #require(calls < 20, "each call must remove something")
            }
            #expect(try await repository.page(of: "kept") == StreamPage(chunks: [], last: 1400, status: .completed))
            try await repository.keep(.started("other"))
            #expect(try await repository.append(to: "other", "1") == 1...1)
            #expect(try await repository.page(of: "other").chunks.count == 1)
        }
    }
}
