import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Paging", .timeLimit(.minutes(3)))
struct PageTests {
    /// 60 processes of every status, three kinds, three queues or none, two tenants, created in pairs.
    static func population() throws -> [ProcessRecord] {
        try (0..<60).map { number in
            let createdAt = ManualClock.start + .seconds(number / 2)
            let tenant = ProcessMetadata([
                .init(key: "n", value: "\(number)"), .init(key: "tenant", value: number % 4 == 0 ? "acme" : "other"),
            ])
            let id = ProcessID(trusted: "p\(number * 37 % 60 + 100)")
            let record = ProcessRecord.started(id, kind: "kind-\(number % 3)", at: createdAt) { start in
                start.queue = number % 4 == 3 ? nil : "queue-\(number % 4)"
                start.metadata = tenant
                start.input = JSONText(unchecked: Array("\(number)".utf8))
            }
            let running = record.queue == nil ? record : try record.changed(by: .claim(ProcessClaim()), at: createdAt)
            switch number % 5 {
            case 0: return record
            case 1: return running
            case 2: return try running.changed(by: .complete(result: "1"), at: createdAt + .seconds(1))
            case 3:
                let failure = ProcessFailure(code: "c")
                return try running.changed(by: .fail(failure, mayRetry: false), at: createdAt + .seconds(1))
            default: return try record.changed(by: .cancel(reason: nil, force: true), at: createdAt + .seconds(1))
            }
        }
    }

    /// What a query should list, by looking at everything.
    static func expected(_ query: ProcessQuery, of records: [ProcessRecord]) -> [ProcessRecord] {
        let sorted = records.filter(query.matches).sorted { left, right in
            left.createdAt == right.createdAt ? left.id < right.id : left.createdAt < right.createdAt
        }
        return query.order == .oldest ? sorted : sorted.reversed()
    }

    /// Walks from page to page until there is no more.
    private func walk(
        _ query: ProcessQuery, of repository: any ProcessRepository, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [ProcessRecord] {
        var query = query
        var records: [ProcessRecord] = []
        for _ in 0..<2_000 {
            let page = try await repository.page(query)
            #expect(page.records.count <= query.limit, sourceLocation: sourceLocation)
            records += page.records
            guard let next = page.next else { return records }
            #expect(next != query.after, "the walk stands still", sourceLocation: sourceLocation)
            query.after = next
        }
        Issue.record("the walk does not end", sourceLocation: sourceLocation)
        return records
    }

    @Test("an empty store has one empty page", arguments: Backend.allCases)
    func empty(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let page = try await repository.page(ProcessQuery())
            #expect(page == ProcessPage(records: [], next: nil))
        }
    }

    @Test("the newest first, or the oldest, and by id where times are equal", arguments: Backend.allCases)
    func order(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            try await repository.keep(
                .started("b", at: start), .started("d", at: start + .milliseconds(1)), .started("a", at: start),
                .started("B", at: start), .started("c", at: start - .milliseconds(1)), .started("0", at: start))
            var query = ProcessQuery()
            var page = try await repository.page(query)
            #expect(page.records.map(\.id.text) == ["d", "b", "a", "B", "0", "c"])
            query.order = .oldest
            page = try await repository.page(query)
            #expect(page.records.map(\.id.text) == ["c", "0", "B", "a", "b", "d"])
        }
    }

    @Test("times before 1970 and in a far future keep their place", arguments: Backend.allCases)
    func extremeTimes(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let times: [Timestamp] = [ExtremeRecords.earliest, .ms(-1), .ms(0), .ms(1), ExtremeRecords.latest]
            try await repository.keep(times.enumerated().map { .started(ProcessID(trusted: "p\($0)"), at: $1) })
            var query = ProcessQuery()
            query.order = .oldest
            query.limit = 2
            #expect(try await walk(query, of: repository).map(\.createdAt) == times)
            query.createdAfter = .ms(-1)
            query.createdBefore = ExtremeRecords.latest
            #expect(try await walk(query, of: repository).map(\.createdAt) == [.ms(0), .ms(1)])
        }
    }

    @Test("every filter, alone and with others, in both orders and pages of any size", arguments: Backend.allCases)
    func filters(backend: Backend) async throws {
        let records = try Self.population()
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(records)
            let start = ManualClock.start
            let filters: [(String, @Sendable (inout ProcessQuery) -> Void)] = [
                ("none", { _ in }),
                ("a status", { $0.statuses = [.failed] }),
                ("two statuses", { $0.statuses = [.pending, .cancelled] }),
                ("all statuses", { $0.statuses = Set(ProcessStatus.allCases) }),
                ("a kind", { $0.kinds = ["kind-1"] }),
                ("two kinds, one unknown", { $0.kinds = ["kind-2", "nothing"] }),
                ("an unknown kind", { $0.kinds = ["KIND-1"] }),
                ("a queue", { $0.queues = ["queue-0"] }),
                ("two queues", { $0.queues = ["queue-1", "queue-2"] }),
                ("an unknown queue", { $0.queues = ["default"] }),
                ("a label", { $0.metadata = [.init(key: "tenant", value: "acme")] }),
                ("two labels", { $0.metadata = [.init(key: "tenant", value: "acme"), .init(key: "n", value: "8")] }),
                ("a label nobody has", { $0.metadata = [.init(key: "tenant", value: "")] }),
                ("created after", { $0.createdAfter = start + .seconds(10) }),
                ("created before", { $0.createdBefore = start + .seconds(10) }),
                (
                    "created between",
                    {
                        $0.createdAfter = start + .seconds(3)
                        $0.createdBefore = start + .seconds(9)
                    }
                ),
                (
                    "created in no time",
                    {
                        $0.createdAfter = start + .seconds(3)
                        $0.createdBefore = start + .seconds(4)
                    }
                ),
                (
                    "bounds the wrong way round",
                    {
                        $0.createdAfter = start + .seconds(9)
                        $0.createdBefore = start + .seconds(3)
                    }
                ),
                (
                    "everything at once",
                    {
                        $0.statuses = [.pending, .completed, .cancelled]
                        $0.kinds = ["kind-0", "kind-2"]
                        $0.queues = ["queue-0", "queue-2"]
                        $0.metadata = [.init(key: "tenant", value: "acme")]
                        $0.createdAfter = start
                        $0.createdBefore = start + .seconds(25)
                    }
                ),
            ]
            for (name, filter) in filters {
                for order in ProcessQuery.Order.allCases {
                    for limit in [1, 7, 60, 100] {
                        var query = ProcessQuery()
                        filter(&query)
                        query.order = order
                        query.limit = limit
                        let listed = try await walk(query, of: repository)
                        let expected = Self.expected(query, of: records)
                        #expect(listed == expected, "\(name), \(order), \(limit) a page")
                    }
                }
            }
        }
    }

    @Test("a cursor need not name a process that is there", arguments: Backend.allCases)
    func cursorOfNobody(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            try await repository.keep(
                .started("a", at: start), .started("c", at: start), .started("d", at: start + .seconds(1)))
            var query = ProcessQuery()
            query.after = ProcessQuery.Cursor(createdAt: start, id: "b")
            #expect(try await walk(query, of: repository).map(\.id) == ["a"])
            query.order = .oldest
            #expect(try await walk(query, of: repository).map(\.id) == ["c", "d"])
            query.after = ProcessQuery.Cursor(createdAt: start + .seconds(2), id: "a")
            #expect(try await walk(query, of: repository).isEmpty)
            query.order = .newest
            #expect(try await walk(query, of: repository).map(\.id) == ["d", "c", "a"])
        }
    }

    @Test(
        "a walk skips and repeats nothing that stays put while others come, change and go", arguments: Backend.allCases,
        ProcessQuery.Order.allCases)
    func stability(backend: Backend, order: ProcessQuery.Order) async throws {
        try await backend.withRepository { repository, clock async throws in
            // Ids with an "s" stay put; between them are others, which go while the walk is on.
            let start = clock.now
            var stay: [ProcessID] = []
            for number in 0..<40 {
                let id = ProcessID(trusted: "s\(100 + number)")
                stay.append(id)
                try await repository.keep(
                    .started(id, kind: "stays", at: start + .milliseconds(number / 3)),
                    .finished(ProcessID(trusted: "g\(100 + number)"), created: start + .milliseconds(number / 3)))
            }
            var query = ProcessQuery()
            query.order = order
            query.limit = 7
            var walked: [ProcessRecord] = []
            for round in 0..<100 {
                let page = try await repository.page(query)
                walked += page.records
                guard let next = page.next else { break }
                query.after = next
                // Some go, among them, in time, the very one the cursor names; some come, before and after the cursor.
                let scope = CleanupRequest.Scope.older(
                    by: start + .milliseconds(round), statuses: [.completed], includingRetained: true)
                _ = try await repository.cleanup(CleanupRequest(scope, limit: 5))
                try await repository.keep(
                    .started(ProcessID(trusted: "n\(round)"), at: start - .milliseconds(round)),
                    .started(ProcessID(trusted: "m\(round)"), at: start + .milliseconds(round)))
                // One changes, which keeps its place.
                try await repository.change(stay[round], by: .progress(ProgressReport(message: "\(round)")))
            }
            let stayed = walked.filter { $0.kind == "stays" }.map(\.id)
            #expect(stayed == (order == .oldest ? stay : stay.reversed()))
            #expect(Set(walked.map(\.id)).count == walked.count)
        }
    }

    @Test(
        "a page looks at no more records than its walk limit, and the next goes on from there",
        arguments: Backend.allCases)
    func walkLimit(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let rare = ProcessMetadata([.init(key: "rare", value: "yes")])
            try await repository.keep(
                (0..<90).map { number in
                    .started(ProcessID(trusted: "p\(number + 10)"), at: clock.now + .seconds(number)) { start in
                        if number % 30 == 29 { start.metadata = rare }
                    }
                })
            var query = ProcessQuery()
            query.metadata = rare.entries
            query.order = .oldest
            query.walkLimit = 20
            let page = try await repository.page(query)
            #expect(page.records.isEmpty)
            #expect(page.next != nil)
            #expect(try await walk(query, of: repository).map(\.id) == ["p39", "p69", "p99"])
            query.order = .newest
            #expect(try await walk(query, of: repository).map(\.id) == ["p99", "p69", "p39"])
            query.walkLimit = 1
            #expect(try await walk(query, of: repository).count == 3)
        }
    }

    @Test("a page ends with the record whose payloads reach the byte limit", arguments: Backend.allCases)
    func byteLimit(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            // 1000 bytes each, as input, as result or as details.
            let text = JSONText(unchecked: Array(("\"" + String(repeating: "x", count: 998) + "\"").utf8))
            for number in 0..<12 {
                let record = ProcessRecord.started(
                    ProcessID(trusted: "p\(number + 10)"), at: clock.now + .seconds(number)
                ) { $0.input = number % 3 == 0 ? text : nil }
                switch number % 3 {
                case 1: try await repository.keep(record.changed(by: .complete(result: text), at: clock.now))
                case 2:
                    let failure = ProcessFailure(code: "c", details: text)
                    try await repository.keep(record.changed(by: .fail(failure, mayRetry: false), at: clock.now))
                default: try await repository.keep(record)
                }
            }
            var query = ProcessQuery()
            query.order = .oldest
            for (limit, count) in [(1, 1), (1000, 1), (1001, 2), (4999, 5), (5000, 5), (5001, 6), (12_001, 12)] {
                query.byteLimit = limit
                let page = try await repository.page(query)
                #expect(page.records.count == count, "limit \(limit)")
                #expect(try await walk(query, of: repository).count == 12)
            }
        }
    }

    @Test("a replaced process stays where it is and is listed by what it is now", arguments: Backend.allCases)
    func replaced(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(
                .queued("a", at: clock.now), .queued("b", at: clock.now + .seconds(1)),
                .queued("c", at: clock.now + .seconds(2)))
            try await repository.change("b", by: .cancel(reason: nil, force: false))
            var query = ProcessQuery()
            #expect(try await walk(query, of: repository).map(\.id) == ["c", "b", "a"])
            query.statuses = [.pending]
            #expect(try await walk(query, of: repository).map(\.id) == ["c", "a"])
            query.statuses = [.cancelled]
            #expect(try await walk(query, of: repository).map(\.id) == ["b"])
        }
    }
}
