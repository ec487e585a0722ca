import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Claiming", .timeLimit(.minutes(3)))
struct ClaimTests {
    private func claim(
        _ limit: Int = 100, from queues: String..., worker: String? = "host-1", lease: Duration = .seconds(60)
    ) -> ClaimRequest {
        ClaimRequest(
            queues: queues.isEmpty ? ["default"] : queues, limit: limit,
            claim: ProcessClaim(worker: worker, lease: lease))
    }

    @Test("nothing is handed out where nothing waits", arguments: Backend.allCases)
    func empty(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.started("a"), .finished("b"), .queued("c", in: "other"))
            #expect(try await repository.claim(claim()).isEmpty)
            #expect(try await repository.claim(claim(1, from: "nowhere", "default")).isEmpty)
        }
    }

    @Test("what is handed out is, field by field, what the pure function makes of it", arguments: Backend.allCases)
    func pureFunction(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let failure = ProcessFailure(code: "exit_2", message: "no", details: #"{"n":1.10}"#)
            var retried = ProcessRecord.queued("retried") { start in
                start.maxAttempts = 3
                start.timeout = .seconds(5)
                start.input = #"{"b":1,"a":"\u0000"}"#
                start.metadata = ExtremeRecords.metadata
            }
            retried.attempt = 1
            retried.failure = failure
            retried.runAfter = ManualClock.start + .seconds(1)
            let records: [ProcessRecord] = [
                .queued("bare"), .queued("own-lease") { $0.lease = .milliseconds(1_234) },
                .queued("all") { start in
                    start.pickupTimeout = .seconds(3600)
                    start.timeout = .seconds(77)
                    start.retain = .forever
                    start.backoff = .standard
                    start.worker = "named-by-the-caller"
                    start.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
                    start.input = ExtremeRecords.largePayload
                },
                retried, ExtremeRecords.record(.pending),
            ]
            try await repository.keep(records)
            clock.set(to: .ms(4_102_444_800_001))

            let request = self.claim(
                from: "default", records[4].queue ?? "", worker: "host/2", lease: .milliseconds(2_345))
            let claimed = try await repository.claim(request)
            #expect(claimed.count == records.count)
            for record in records {
                let actual = try #require(claimed.first { $0.id == record.id })
                let expected = try ProcessTransition(.claim(request.claim), at: clock.now).apply(to: record).record
                expectEqual(actual, expected)
                expectEqual(try await repository.record(record.id), expected, "as it is found")
            }
        }
    }

    @Test("with the process that fills its bytes a claim is over, and the next goes on", arguments: Backend.allCases)
    func byteLimit(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            for (number, length) in [600, 300, 200, 0, 2000, 10].enumerated() {
                let queue = number % 2 == 0 ? "default" : "other"
                try await repository.keep(
                    .queued(ProcessID(trusted: "\(number)"), in: queue, at: clock.now + .seconds(number)) { start in
                        start.input = JSONText(stringLiteral: "\"\(String(repeating: "x", count: length))\"")
                    })
            }
            clock.advance(by: .seconds(60))
            var request = self.claim(from: "default", "other")
            request.byteLimit = 1000
            #expect(try await repository.claim(request).map(\.id) == ["0", "1", "2"])
            #expect(try await repository.record("3").status == .pending)
            #expect(try await repository.claim(request).map(\.id) == ["3", "4"])
            #expect(try await repository.claim(request).map(\.id) == ["5"])
            #expect(try await repository.claim(request).isEmpty)
        }
    }

    @Test("a claim without a worker's name hands out as well", arguments: Backend.allCases)
    func anonymous(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let record = ProcessRecord.queued("a") { $0.worker = "named-by-the-caller" }
            try await repository.keep(record)
            let request = self.claim(worker: nil)
            let expected = try ProcessTransition(.claim(request.claim), at: clock.now).apply(to: record).record
            #expect(try await repository.claim(request) == [expected])
        }
    }

    @Test("the higher priority comes first, then the older, then the lower id", arguments: Backend.allCases)
    func order(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            try await repository.keep(
                .queued("i", at: start), .queued("h", at: start), .queued("g", at: start - .seconds(1)),
                .queued("f", priority: 1, at: start + .seconds(5)), .queued("e", priority: 100, at: start),
                .queued("d", priority: 10, at: start), .queued("c", priority: 9, at: start - .seconds(9)),
                .queued("b", priority: -1, at: start - .seconds(99)), .queued("a", priority: -100, at: start))
            let ids = try await repository.claim(claim()).map(\.id.text)
            #expect(ids == ["e", "d", "c", "f", "g", "h", "i", "b", "a"])
        }
    }

    @Test("processes created before 1970, or in a far future, keep their order", arguments: Backend.allCases)
    func extremeTimes(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(
                .queued("d", at: ExtremeRecords.latest), .queued("c", at: .ms(0)), .queued("b", at: .ms(-1)),
                .queued("a", at: ExtremeRecords.earliest), .queued("e", priority: -1, at: ExtremeRecords.earliest),
                .queued("0", priority: 1, at: ExtremeRecords.latest))
            #expect(try await repository.claim(claim()).map(\.id.text) == ["0", "a", "b", "c", "d", "e"])
        }
    }

    @Test("several queues are one, whatever their order and however often they are named", arguments: Backend.allCases)
    func severalQueues(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            try await repository.keep(
                .queued("a", in: "x", at: start), .queued("b", in: "y", priority: 5, at: start),
                .queued("c", in: "x", at: start + .seconds(2)), .queued("d", in: "y", at: start + .seconds(1)),
                .queued("e", in: "z", priority: 9, at: start))
            #expect(try await repository.claim(claim(2, from: "y", "x", "y", "none")).map(\.id.text) == ["b", "a"])
            #expect(try await repository.claim(claim(9, from: "x", "y", "x")).map(\.id.text) == ["d", "c"])
            #expect(try await repository.claim(claim(9, from: "z", "z")).map(\.id.text) == ["e"])
        }
    }

    @Test("no more than the limit are handed out, and the rest stays", arguments: Backend.allCases)
    func limit(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            let ids = (0..<250).map { ProcessID(trusted: "p\(1000 + $0)") }
            try await repository.keep(ids.map { .queued($0) })
            #expect(try await repository.claim(claim(1)).map(\.id) == Array(ids[0..<1]))
            #expect(try await repository.claim(claim(199)).map(\.id) == Array(ids[1..<200]))
            #expect(try await repository.counts().byQueue == ["default": 50])
            #expect(try await repository.claim(claim(1000)).map(\.id) == Array(ids[200...]))
            #expect(try await repository.claim(claim(1000)).isEmpty)
        }
    }

    // MARK: Delayed processes

    @Test("a delayed process is handed out from its time on, not before", arguments: Backend.allCases)
    func delayed(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let due = clock.now + .milliseconds(500)
            try await repository.keep(.queued("a", runAfter: due))
            #expect(try await repository.claim(claim()).isEmpty)
            clock.set(to: due - .milliseconds(1))
            #expect(try await repository.claim(claim()).isEmpty)
            clock.set(to: due)
            #expect(try await repository.claim(claim()).map(\.id) == ["a"])
            #expect(try await repository.claim(claim()).isEmpty)
        }
    }

    @Test("a time that has come before the process did delays nothing", arguments: Backend.allCases)
    func delayedIntoThePast(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(
                .queued("a", runAfter: clock.now - .seconds(9)), .queued("b", runAfter: clock.now))
            #expect(try await repository.claim(claim()).map(\.id) == ["a", "b"])
        }
    }

    @Test("a delayed process that has become due takes the place of its priority and age", arguments: Backend.allCases)
    func delayedOrder(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            try await repository.keep(
                .queued("low", priority: -1, at: start), .queued("young", at: start + .milliseconds(2)),
                .queued("old", runAfter: start + .seconds(1), at: start + .milliseconds(1)),
                .queued("high", priority: 1, runAfter: start + .seconds(2), at: start + .milliseconds(3)))
            clock.advance(by: .seconds(3))
            #expect(try await repository.claim(claim()).map(\.id) == ["high", "old", "young", "low"])
        }
    }

    @Test("more delayed processes than one claim looks at are all handed out, each once", arguments: Backend.allCases)
    func manyDelayed(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let due = clock.now + .seconds(1)
            let records = (0..<250).map { number in
                ProcessRecord.queued(
                    ProcessID(trusted: "p\(number)"), priority: number % 3, runAfter: due + .milliseconds(number % 7))
            }
            try await repository.keep(records)
            clock.advance(by: .seconds(2))
            var ids: [ProcessID] = []
            for _ in 0..<3 {
                let batch = try await repository.claim(claim(1000))
                #expect(batch.map(\.priority) == batch.map(\.priority).sorted(by: >))
                ids += batch.map(\.id)
            }
            #expect(ids.count == 250)
            #expect(Set(ids) == Set(records.map(\.id)))
        }
    }

    @Test("what is delayed in one queue holds up no other", arguments: Backend.allCases)
    func delayedElsewhere(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let later = clock.now + .seconds(3600)
            try await repository.keep(
                (0..<150).map { .queued(ProcessID(trusted: "d\($0)"), in: "slow", runAfter: later) })
            try await repository.keep(.queued("a", runAfter: clock.now + .milliseconds(1)), .queued("b"))
            clock.advance(by: .milliseconds(1))
            #expect(try await repository.claim(claim(9, from: "slow", "default")).map(\.id) == ["a", "b"])
        }
    }

    @Test(
        "a waiting process that is replaced by one that waits for another time waits for that",
        arguments: Backend.allCases)
    func movedTime(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let later = clock.now + .seconds(10)
            try await repository.keep(
                .queued("sooner", runAfter: later), .queued("later", runAfter: later), .queued("delayed"),
                .queued("now", runAfter: later))
            let times: [ProcessID: Timestamp?] = [
                "sooner": clock.now + .seconds(5), "later": clock.now + .seconds(15), "delayed": later, "now": nil,
            ]
            for (id, time) in times {
                var record = try await repository.record(id)
                record.runAfter = time
                record.revision += 1
                #expect(try await repository.replace(record, ifRevision: 1, notBefore: nil) == .replaced)
            }
            for (seconds, ids) in [(0, ["now"]), (5, ["sooner"]), (10, ["delayed"]), (14, []), (15, ["later"])] {
                clock.set(to: ManualClock.start + .seconds(seconds))
                #expect(try await repository.claim(claim()).map(\.id.text) == ids, "after \(seconds) s")
            }
        }
    }

    @Test("a process given back after a failure is due after its wait", arguments: Backend.allCases)
    func backoff(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.queued("a") { $0.maxAttempts = 2 }, .queued("b"))
            #expect(try await repository.claim(claim(1)).map(\.id) == ["a"])
            let waiting = try await repository.change("a", by: .fail(ProcessFailure(code: "c"), mayRetry: true))
            let due = try #require(waiting.runAfter)
            #expect(try await repository.claim(claim()).map(\.id) == ["b"])
            clock.set(to: due)
            let again = try await repository.claim(claim())
            #expect(again.map(\.id) == ["a"])
            #expect(again.first?.attempt == 2)
            #expect(again.first?.failure == nil)
        }
    }

    @Test("a clock that was set back hands out nothing whose time has not come", arguments: Backend.allCases)
    func clockSetBack(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            let start = clock.now
            try await repository.keep(
                .queued("first", runAfter: start + .seconds(10)), .queued("second", runAfter: start + .seconds(10)),
                .queued("due", priority: -5))
            clock.advance(by: .seconds(20))
            #expect(try await repository.claim(claim(1)).map(\.id) == ["first"])
            clock.set(to: start)
            #expect(try await repository.claim(claim()).map(\.id) == ["due"])
            clock.advance(by: .seconds(10))
            #expect(try await repository.claim(claim()).map(\.id) == ["second"])
        }
    }

    // MARK: Not handed out

    @Test("cancelled and removed processes are handed out no more", arguments: Backend.allCases)
    func gone(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(
                .queued("cancelled"), .queued("delayed", runAfter: clock.now + .seconds(1)), .queued("removed"),
                .queued("stays", at: clock.now + .seconds(1)))
            try await repository.change("cancelled", by: .cancel(reason: nil, force: false))
            try await repository.change("delayed", by: .cancel(reason: nil, force: false))
            let scope = CleanupRequest.Scope.older(by: clock.now, statuses: [.pending], includingRetained: false)
            #expect(try await repository.cleanupAll(CleanupRequest(scope)).map(\.id) == ["removed"])
            clock.advance(by: .seconds(5))
            #expect(try await repository.claim(claim()).map(\.id) == ["stays"])
        }
    }

    @Test("a retried process is handed out again at once", arguments: Backend.allCases)
    func retried(backend: Backend) async throws {
        try await backend.withRepository { repository, clock async throws in
            try await repository.keep(.queued("a", runAfter: clock.now + .seconds(60)))
            try await repository.change("a", by: .cancel(reason: nil, force: false))
            try await repository.change("a", by: .retry)
            let claimed = try await repository.claim(claim())
            #expect(claimed.map(\.id) == ["a"])
            #expect(claimed.first?.attempt == 1)
        }
    }

    // MARK: Races

    @Test("of 300 due processes, 16 workers on two instances get each once, in order", arguments: Backend.allCases)
    func race(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, clock async throws in
            let records = (0..<300).map { number in
                ProcessRecord.queued(
                    ProcessID(trusted: "p\(1000 + number)"), in: number % 2 == 0 ? "even" : "odd",
                    priority: number % 5 - 2, at: clock.now + .milliseconds(number / 10))
            }
            try await first.keep(records)
            let handed = try await withThrowingTaskGroup(of: [[ProcessRecord]].self) { group in
                for worker in 0..<16 {
                    group.addTask {
                        let instance = worker % 2 == 0 ? first : second
                        let claim = ProcessClaim(worker: "worker-\(worker)")
                        let request = ClaimRequest(queues: ["even", "odd"], limit: 1 + worker % 4, claim: claim)
                        var batches: [[ProcessRecord]] = []
                        while true {
                            let batch = try await instance.claim(request)
                            if batch.isEmpty { return batches }
                            #expect(batch.count <= request.limit)
                            #expect(batch.allSatisfy { $0.worker == "worker-\(worker)" && $0.attempt == 1 })
                            batches.append(batch)
                        }
                    }
                }
                return try await group.reduce(into: [[ProcessRecord]]()) { $0 += $1 }
            }
            #expect(handed.flatMap { $0 }.count == 300)
            #expect(Set(handed.flatMap { $0 }.map(\.id)) == Set(records.map(\.id)))
            // All were due from the start, so no batch turns back in the one order there is.
            let order = records.sorted { left, right in
                if left.priority != right.priority { return left.priority > right.priority }
                return left.createdAt == right.createdAt ? left.id < right.id : left.createdAt < right.createdAt
            }
            let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1.id, $0) })
            for batch in handed {
                let numbers = batch.compactMap { places[$0.id] }
                #expect(numbers == numbers.sorted())
            }
        }
    }

    @Test("of a claim and a cancel at once, one changes the process and the other is told", arguments: Backend.allCases)
    func claimAgainstCancel(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, clock async throws in
            for number in 0..<20 {
                let record = ProcessRecord.queued(ProcessID(trusted: "p\(number)"))
                try await first.keep(record)
                let cancelled = try record.changed(by: .cancel(reason: nil, force: false), at: clock.now)
                async let claimed = first.claim(claim())
                async let outcome = second.replace(cancelled, ifRevision: 1, notBefore: nil)
                let (handed, replaced) = try await (claimed, outcome)
                let now = try await first.record(record.id)
                if replaced == .replaced {
                    #expect(handed.isEmpty)
                    #expect(now == cancelled)
                } else {
                    #expect(handed == [now])
                    #expect(replaced == .conflict(.found(now)))
                }
            }
        }
    }
}
