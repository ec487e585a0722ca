import EventLoop
import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessRedis

@Suite("What a call costs Redis", .timeLimit(.minutes(3)))
struct CommandTests {
    /// The commands that reach a server while a body runs: those of clients, not those inside of scripts.
    private func commands(
        on server: RedisServer, during body: () async throws -> Void
    ) async throws -> (sent: [String], inScripts: [String]) {
        let monitor = try server.connect()
        try monitor.run("MONITOR")
        try await body()
        try server.run("ECHO", "the end of the test")
        var sent: [String] = []
        var inScripts: [String] = []
        while let line = try monitor.receive().text, !line.contains("the end of the test") {
            let parts = line.split(separator: "\"")
            guard parts.count > 1 else { continue }
            let command = parts[1].uppercased()
            if parts[0].contains("lua]") { inScripts.append(command) } else { sent.append(command) }
        }
        // The clock's own question may come at any time.
        return (sent.filter { $0 != "TIME" }, inScripts)
    }

    @Test("a plain start is one transaction and no script")
    func plainStart() async throws {
        try await withRepository { repository, server async throws in
            let (sent, inScripts) = try await self.commands(on: server) { () async throws in
                let record = startedRecord(at: repository.now())
                #expect(try await repository.insert(ProcessInsertion(record, hasGeneratedID: true)) == .inserted)
            }
            #expect(sent == ["MULTI", "HSET", "SADD", "SADD", "ZADD", "ZADD", "ZADD", "PUBLISH", "EXEC"])
            #expect(inScripts.isEmpty)
        }
    }

    @Test("a start with anything to check is one script, and so is every change")
    func scripts() async throws {
        try await withRepository { repository, server async throws in
            let now = repository.now()
            let key = ProcessInsertion.Idempotency(key: "k", fingerprint: "f", lifetime: .seconds(60))
            let insertions = [
                ProcessInsertion(startedRecord(at: now), hasGeneratedID: true, idempotency: key),
                ProcessInsertion(.queued("a", at: now)),
                ProcessInsertion(startedRecord(at: now), hasGeneratedID: true, maximumCount: 10),
                ProcessInsertion(.started("c", at: now) { $0.parentID = "a" }, hasGeneratedID: true),
            ]
            for insertion in insertions {
                let (sent, _) = try await self.commands(on: server) { () async throws in
                    #expect(try await repository.insert(insertion) == .inserted)
                }
                #expect(sent == ["EVALSHA"])
            }
            let claim = try await self.commands(on: server) { () async throws in
                #expect(try await repository.claim(ClaimRequest(queues: ["default", "other"])).count == 1)
            }
            #expect(claim.sent == ["EVALSHA"])
            let report = try await self.commands(on: server) { () async throws in
                try await repository.change("a", by: .complete(result: nil))
            }
            #expect(report.sent == ["HGETALL", "EVALSHA"])
            let cleanup = try await self.commands(on: server) { () async throws in
                try await repository.removeEverythingFinished()
            }
            #expect(cleanup.sent == ["EVALSHA"])
            try await repository.keep((0..<100).map { try .finished(ProcessID(trusted: "f-\($0)"), created: now) })
            let many = try await self.commands(on: server) { () async throws in
                let all = CleanupRequest.Scope.expired(finishedBy: now + .seconds(1), at: now + .seconds(1))
                #expect(try await repository.cleanup(CleanupRequest(all, limit: 100)).removed.count == 100)
            }
            // For each a look, one for its children, and a message: everybody else waits while a batch is removed.
            #expect(many.inScripts.count <= 3 * 100 + 20)
            #expect(
                try await self.commands(on: server) { () async throws in _ = try await repository.counts() }.sent == [
                    "EVALSHA"
                ])
        }
    }

    @Test("looking up is one command, and one more where a process is missing")
    func lookups() async throws {
        try await withRepository { repository, server async throws in
            let records = (0..<3).map { _ in startedRecord(at: repository.now()) }
            try await repository.keep(records)
            let found = try await self.commands(on: server) { () async throws in
                _ = try await repository.find(records[0].id)
            }
            #expect(found.sent == ["HGETALL"])
            let missing = try await self.commands(on: server) { () async throws in _ = try await repository.find("none")
            }
            #expect(missing.sent == ["HGETALL", "HMGET"])
            let several = try await self.commands(on: server) { () async throws in
                _ = try await repository.find(records.map(\.id))
            }
            #expect(several.sent == ["HGETALL", "HGETALL", "HGETALL", "HMGET"])
        }
    }

    @Test("a page reads its index once, and one process more than it shows")
    func page() async throws {
        try await withRepository { repository, server async throws in
            let now = repository.now()
            try await repository.keep((0..<300).map { startedRecord(at: now - .milliseconds($0)) })
            var query = ProcessQuery()
            for _ in 0..<2 {
                let (sent, _) = try await self.commands(on: server) { () async throws in
                    let page = try await repository.page(query)
                    #expect(page.records.count == 100)
                    query.after = page.next
                }
                #expect(sent == ["ZREVRANGEBYSCORE"] + Array(repeating: "HGETALL", count: 101))
            }
        }
    }

    @Test("nothing is ever found by going through all keys")
    func noScan() async throws {
        try await withRepository { repository, server async throws in
            let now = repository.now()
            let (sent, inScripts) = try await self.commands(on: server) { () async throws in
                try await repository.keep(
                    .queued("a", at: now), .started("b", at: now), try .finished("c", created: now))
                _ = try await repository.claim(ClaimRequest(queues: ["default"]))
                _ = try await repository.page(ProcessQuery())
                _ = try await repository.counts()
                _ = try await repository.findOverdue(at: now, limit: 10)
                _ = try await repository.cleanup(CleanupRequest(.corrupt))
                try await repository.removeEverythingFinished()
                _ = try await repository.forgetExpired()
                _ = await repository.health()
            }
            let walks: Set = ["KEYS", "SCAN", "SSCAN", "HSCAN", "ZSCAN", "RANDOMKEY", "SORT"]
            #expect(walks.isDisjoint(with: sent))
            #expect(walks.isDisjoint(with: inScripts))
        }
    }

    @Test("a change is published with its id, revision and status")
    func events() async throws {
        try await withRepository { repository, server async throws in
            let listener = try server.connect()
            try listener.run("SUBSCRIBE", "process_events:0")
            let now = repository.now()
            let plain = startedRecord(at: now)
            _ = try await repository.insert(ProcessInsertion(plain, hasGeneratedID: true))
            try await repository.keep(.queued("a", at: now))
            _ = try await repository.claim(ClaimRequest(queues: ["default"]))
            try await repository.change("a", by: .complete(result: nil))
            try await repository.removeEverythingFinished()
            var messages: [String] = []
            for _ in 0..<5 { messages.append(try listener.receive().texts.last ?? "") }
            #expect(
                messages == [
                    "\(plain.id) 1 running", "a 1 pending default", "a 2 running", "a 3 completed", "a 3 removed",
                ])
        }
    }

    @Test("forgetting all scripts again and again, while many calls are made, loses none of them")
    func scriptFlush() async throws {
        try await RedisServer.with { server async throws in
            try await withLoops(2) { loops async throws in
                let repository = try await RedisProcessRepository.open(server.configuration, loops: loops)
                let now = repository.now()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for worker in 0..<16 {
                        group.addTask(executorPreference: loops.loops[worker % 2]) { () async throws in
                            for number in 0..<25 {
                                let id = ProcessID(trusted: "p-\(worker)-\(number)")
                                try await repository.keep(.started(id, at: now))
                                try await repository.change(id, by: .complete(result: "1"))
                            }
                        }
                    }
                    group.addTask { () async throws in
                        let client = try server.connect()
                        for _ in 0..<400 {
                            try client.run("SCRIPT", "FLUSH")
                            await Task.yield()
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(
                    try await repository.counts().byStatus == [
                        .completed: 400, .pending: 0, .running: 0, .failed: 0, .cancelled: 0,
                    ])
                await repository.close()
            }
        }
    }

    @Test("a hash reads well")
    func readable() async throws {
        try await withRepository { repository, server async throws in
            var start = ProcessStart(kind: "report")
            start.input = #"{"customer":42}"#
            start.metadata = ProcessMetadata([.init(key: "tenant", value: "acme")])
            start.queue = "default"
            start.lease = .seconds(60)
            start.backoff = .standard
            start.retain = .forever
            try await repository.keep(ProcessRecord(starting: start, as: "a", at: .ms(1_794_132_000_123)))
            let fields = try server.run("HGETALL", "process:a").texts
            let hash = Dictionary(
                uniqueKeysWithValues: stride(from: 0, to: fields.count, by: 2).map { (fields[$0], fields[$0 + 1]) })
            #expect(
                hash == [
                    "kind": "report", "status": "pending", "revision": "1", "input": #"{"customer":42}"#,
                    "metadata": #"{"tenant":"acme"}"#, "created_at": "1794132000123", "updated_at": "1794132000123",
                    "queue": "default", "attempt": "0", "lease": "60000", "retain": "forever",
                    "backoff": #"{"initial":"1s","factor":2,"max":"5m","jitter":0.1}"#,
                ])
        }
    }
}
