import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessRedis

@Suite("A user's rights in Redis", .timeLimit(.minutes(3)))
struct RightsTests {
    /// Everything the service does, and no more.
    static let leastRights = [
        "~process:*", "~process_*", "&process_events:*", "+hset", "+hgetall", "+hget", "+hmget", "+hexists", "+hdel",
        "+sadd", "+srem", "+scard", "+smembers", "+sinter", "+zadd", "+zrem", "+zcard", "+zcount", "+zrange",
        "+zrangebyscore", "+zrevrangebyscore", "+zpopmin", "+zinter", "+get", "+set", "+exists", "+type", "+unlink",
        "+publish", "+time", "+ping", "+xadd", "+xrange", "+multi", "+exec", "+eval", "+evalsha", "+script|load",
    ]

    private func withUser(
        _ rights: [String], on server: RedisServer, _ body: (inout RedisConfiguration) async throws -> Void
    ) async throws {
        try server.connect().run(["ACL", "SETUSER", "worker", "reset", "on", ">secret"] + rights)
        var configuration = server.configuration
        configuration.username = "worker"
        configuration.password = Secret("secret")
        try await body(&configuration)
    }

    @Test("the documented rights are enough for everything")
    func enough() async throws {
        try await RedisServer.with { server async throws in
            try await self.withUser(Self.leastRights, on: server) { configuration async throws in
                try await server.withRepositories(configure: { $0 = configuration }) { repositories async throws in
                    let repository = repositories[0]
                    let now = repository.now()
                    try await repository.keep(
                        .queued("a", at: now), .started("parent", at: now),
                        .started("child", at: now) { $0.parentID = "parent" })
                    let plain = startedRecord(at: now)
                    #expect(try await repository.insert(ProcessInsertion(plain, hasGeneratedID: true)) == .inserted)
                    let key = ProcessInsertion.Idempotency(key: "k", fingerprint: "f", lifetime: .seconds(60))
                    let keyed = ProcessInsertion(startedRecord(at: now), idempotency: key, maximumCount: 100)
                    #expect(try await repository.insert(keyed) == .inserted)
                    #expect(try await repository.claim(ClaimRequest(queues: ["default"])).map(\.id) == ["a"])
                    try await repository.append(to: "a", "1", "2", attempt: 1, keeping: 1)
                    #expect(try await repository.page(of: "a").chunks == [.content(2, "2")])
                    try await repository.change("a", by: .complete(result: nil))
                    #expect(try await repository.removeStreams(endedBy: repository.now() + .seconds(5)) == false)
                    #expect(try await repository.page(of: "a").chunks.isEmpty)
                    #expect(try await repository.page(ProcessQuery()).records.count == 5)
                    var both = ProcessQuery()
                    both.statuses = [.completed]
                    both.kinds = ["report"]
                    both.order = .oldest
                    #expect(try await repository.page(both).records.map(\.id) == ["a"])
                    #expect(try await repository.counts().total == 5)
                    #expect(try await repository.findOverdue(at: now, limit: 10).isEmpty)
                    #expect(try await repository.removeEverythingFinished().map(\.id) == ["a"])
                    #expect(try await repository.cleanup(CleanupRequest(.corrupt)).removed.isEmpty)
                    #expect(try await repository.forgetExpired() == false)
                    #expect(await repository.health().state == .ok)
                }
            }
        }
    }

    @Test(
        "opening names the right that is missing",
        arguments: leastRights.filter { $0.hasPrefix("+") })
    func missing(right: String) async throws {
        try await RedisServer.with { server async throws in
            try await self.withUser(Self.leastRights.filter { $0 != right }, on: server) { configuration async throws in
                let configuration = configuration
                do {
                    try await server.withRepositories(configure: { $0 = configuration }) { _ async throws in
                        Issue.record("it was opened")
                    }
                } catch let error as ProcessRepositoryError {
                    #expect(error.code == .refused)
                    let command = right.dropFirst().uppercased().split(separator: "|").joined(separator: " ")
                    #expect(error.message.contains(command), "\(error.message)")
                }
            }
        }
    }

    @Test(
        "opening names what may not be touched",
        arguments: [
            ("~process_*", "process:probe"), ("~process:*", "process_"), ("&process_events:*", "PUBLISH"),
        ])
    func missingKeys(right: String, named: String) async throws {
        try await RedisServer.with { server async throws in
            // Of the two patterns of keys, the one that is not named here stays.
            let rights = Self.leastRights.filter {
                right.hasPrefix("&") ? $0 != right : !$0.hasPrefix("~") || $0 == right
            }
            try await self.withUser(rights, on: server) { configuration async throws in
                let configuration = configuration
                do {
                    try await server.withRepositories(configure: { $0 = configuration }) { _ async throws in
                        Issue.record("it was opened")
                    }
                } catch let error as ProcessRepositoryError {
                    #expect(error.code == .refused)
                    #expect(error.message.contains(named), "\(error.message)")
                }
            }
        }
    }

    @Test("a right to publish that is taken away loses no change and leaves none half done")
    func publishTakenAway() async throws {
        try await RedisServer.with { server async throws in
            try await self.withUser(Self.leastRights, on: server) { configuration async throws in
                let configuration = configuration
                try await server.withRepositories(configure: { $0 = configuration }) { repositories async throws in
                    let repository = repositories[0]
                    try server.run("ACL", "SETUSER", "worker", "-publish")
                    let record = startedRecord(at: repository.now())
                    #expect(try await repository.insert(ProcessInsertion(record, hasGeneratedID: true)) == .inserted)
                    try await repository.keep(.queued("a", at: repository.now()))
                    #expect(try await repository.claim(ClaimRequest(queues: ["default"])).count == 1)
                    try await repository.append(to: record.id, "1")
                    let done = try await repository.change(record.id, by: .complete(result: nil))
                    #expect(try await repository.find(record.id) == .found(done))
                    #expect(try await repository.counts().byStatus[.completed] == 1)
                    #expect(try await repository.removeEverythingFinished().map(\.id) == [record.id])
                }
            }
        }
    }

    @Test("without the right to subscribe changes are noticed late, and health says so until it is given")
    func subscribe() async throws {
        try await RedisServer.with { server async throws in
            try await self.withUser(Self.leastRights, on: server) { configuration async throws in
                let configuration = configuration
                try await server.withRepositories(configure: { $0 = configuration }) { repositories async throws in
                    let log = NoticeLog(repositories[0])
                    var health = await repositories[0].health()
                    while health.state != .degraded {
                        try Task.checkCancellation()
                        health = await repositories[0].health()
                    }
                    #expect(health.reason?.contains("subscribe") == true, "\(health)")
                    try server.run("ACL", "SETUSER", "worker", "+subscribe")
                    await log.wait { $0 == .missed }
                    #expect(await repositories[0].health().state == .ok)
                    try await repositories[0].keep(.started("a"))
                    await log.wait { $0 == .changed("a", revision: 1, status: .running, dueQueue: nil) }
                }
            }
        }
    }

    @Test("a right that is taken away is refused, and works again when it is given back")
    func rightTakenAway() async throws {
        try await RedisServer.with { server async throws in
            try await self.withUser(Self.leastRights, on: server) { configuration async throws in
                let configuration = configuration
                try await server.withRepositories(configure: { $0 = configuration }) { repositories async throws in
                    let repository = repositories[0]
                    let record = startedRecord(at: repository.now())
                    try await repository.keep(record)
                    try server.run("ACL", "SETUSER", "worker", "-hgetall")
                    await expectCode(.refused) { _ = try await repository.find(record.id) }
                    try server.run("ACL", "SETUSER", "worker", "+hgetall", "-zadd")
                    await expectCode(.refused) {
                        _ = try await repository.insert(
                            ProcessInsertion(startedRecord(at: repository.now()), hasGeneratedID: true))
                    }
                    await expectCode(.refused) { try await repository.keep(startedRecord(at: repository.now())) }
                    try server.run("ACL", "SETUSER", "worker", "+zadd", "-xadd")
                    await expectCode(.refused) { try await repository.append(to: record.id, "1") }
                    try server.run("ACL", "SETUSER", "worker", "+xadd")
                    #expect(try await repository.page(of: record.id).last == 0)
                    try await repository.append(to: record.id, "1")
                    #expect(try await repository.counts().total == 1)
                    #expect(try await repository.find(record.id) == .found(record))
                }
            }
        }
    }

    @Test(
        "one of our keys that holds something else is named, and left as it is",
        arguments: [
            "process_ids", "process_times", "process_status:failed", "process_leases", "process_removed",
            "process_tombstones", "process_kinds", "process_streams",
        ])
    func wrongType(key: String) async throws {
        try await RedisServer.with { server async throws in
            try server.run("SET", key, "precious")
            do {
                try await server.withRepositories { _ in Issue.record("it was opened") }
            } catch let error as ProcessRepositoryError {
                #expect(error.code == .refused)
                #expect(error.message.contains(key), "\(error.message)")
            }
            #expect(try server.run("GET", key).text == "precious")
            #expect(try server.run("DBSIZE").integer == 1)
        }
    }

    @Test("opening leaves nothing behind")
    func nothingLeft() async throws {
        try await withRepository { _, server async throws in
            #expect(try server.run("DBSIZE").integer == 0)
        }
    }

    @Test("a replica is an outage, by name: it takes no writes until a fail-over makes it one that does")
    func replica() async throws {
        try await RedisServer.with { server async throws in
            try server.run("REPLICAOF", "127.0.0.1", "1")
            do {
                try await server.withRepositories { _ in Issue.record("it was opened") }
            } catch let error as ProcessRepositoryError {
                #expect(error.code == .unavailable)
                #expect(error.message.contains("replica"), "\(error.message)")
            }
        }
    }
}
