import EventLoop
import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessRedis

@Suite("Connections to Redis", .timeLimit(.minutes(3)))
struct ConnectionTests {
    @Test("a process goes to Redis and back over TCP and over a Unix socket")
    func transports() async throws {
        var options = RedisServer.Options()
        options.listensOnTCP = true
        options.password = "se cret"
        try await RedisServer.with(options) { server async throws in
            for configuration in [server.configuration, server.tcpConfiguration] {
                try await withLoops(2) { loops async throws in
                    let repository = try await RedisProcessRepository.open(configuration, loops: loops)
                    let record = startedRecord(at: repository.now())
                    try await repository.keep(record)
                    #expect(try await repository.find(record.id) == .found(record))
                    #expect(await repository.health().state == .ok)
                    await repository.close()
                }
            }
        }
    }

    @Test("a name is looked up, and each of its addresses tried")
    func names() async throws {
        var options = RedisServer.Options()
        options.listensOnTCP = true
        try await RedisServer.with(options) { server async throws in
            var configuration = server.tcpConfiguration
            // The server listens on 127.0.0.1 alone; where the name has ::1 too, that one is refused first.
            configuration.endpoint = .tcp(host: "localhost", port: server.port ?? 0)
            try await withLoops { loops async throws in
                let repository = try await RedisProcessRepository.open(configuration, loops: loops)
                #expect(await repository.health().state == .ok)
                await repository.close()
            }
        }
    }

    @Test("each database has processes of its own, and each prefix")
    func databases() async throws {
        try await withRepository { first, server async throws in
            let record = startedRecord(at: first.now())
            try await first.keep(record)
            for change in [{ $0.database = 3 }, { $0.keyPrefix = "other:" }]
                as [@Sendable (inout RedisConfiguration) -> Void]
            {
                try await server.withRepositories(configure: change) { repositories async throws in
                    #expect(try await repositories[0].find(record.id) == .missing)
                    try await repositories[0].keep(record)
                    #expect(try await repositories[0].counts().total == 1)
                }
            }
            #expect(try await first.counts().total == 1)
            #expect(try server.run("EXISTS", "other:process:\(record.id)").integer == 1)
        }
    }

    @Test("a server that is not there is unavailable")
    func unreachable() async throws {
        try await TemporaryDirectory.with { folder async throws in
            try await withLoops { loops async throws in
                let configuration = RedisConfiguration(endpoint: .unixSocket(path: "\(folder)/none.sock"))
                await expectCode(.unavailable) {
                    _ = try await RedisProcessRepository.open(configuration, loops: loops)
                }
                let refused = RedisConfiguration(endpoint: .tcp(host: "127.0.0.1", port: 1))
                await expectCode(.unavailable) { _ = try await RedisProcessRepository.open(refused, loops: loops) }
                let unknown = RedisConfiguration(endpoint: .tcp(host: "no-such-host.invalid", port: 6379))
                await expectCode(.unavailable) { _ = try await RedisProcessRepository.open(unknown, loops: loops) }
                let long = RedisConfiguration(endpoint: .unixSocket(path: String(repeating: "x", count: 200)))
                await expectCode(.unavailable) { _ = try await RedisProcessRepository.open(long, loops: loops) }
            }
        }
    }

    @Test("a server that does not answer is unavailable after the time-out")
    func silentAtOpen() async throws {
        try await RedisServer.with { server async throws in
            server.suspend()
            var configuration = server.configuration
            configuration.socketTimeout = .milliseconds(50)
            try await withLoops { loops async throws in
                await expectCode(.unavailable) {
                    _ = try await RedisProcessRepository.open(configuration, loops: loops)
                }
            }
            server.resume()
        }
    }

    @Test("a wrong password, none, and a database that is not there are refused for good")
    func refused() async throws {
        var options = RedisServer.Options()
        options.password = "right"
        try await RedisServer.with(options) { server async throws in
            let changes: [(inout RedisConfiguration) -> Void] = [
                { $0.password = Secret("wrong-password") }, { $0.password = nil }, { $0.database = 99 },
                { $0.username = "nobody" },
            ]
            for change in changes {
                var configuration = server.configuration
                change(&configuration)
                try await withLoops { loops async throws in
                    do throws(ProcessRepositoryError) {
                        _ = try await RedisProcessRepository.open(configuration, loops: loops)
                        Issue.record("it was opened")
                    } catch {
                        #expect(error.code == .refused, "\(error)")
                        #expect(!error.message.contains("wrong-password"))
                    }
                }
            }
        }
    }

    @Test("calls on their way when the server dies end, and those made later fail soon, until it is back")
    func outage() async throws {
        var options = RedisServer.Options()
        options.isPersistent = true
        try await withRepository(options) { repository, server async throws in
            let kept = startedRecord(at: repository.now())
            try await repository.keep(kept)
            // The calls are sent and not answered when the server dies.
            server.suspend()
            let loop = repository.client.connection.loop
            try await withThrowingTaskGroup(of: ProcessRepositoryError.Code?.self) { group in
                for number in 0..<20 {
                    group.addTask(executorPreference: loop) { () async throws in
                        do throws(ProcessRepositoryError) {
                            if number % 2 == 0 {
                                let record = startedRecord(at: kept.createdAt)
                                _ = try await repository.insert(ProcessInsertion(record, hasGeneratedID: true))
                            } else {
                                _ = try await repository.find(kept.id)
                            }
                            return nil
                        } catch {
                            return error.code
                        }
                    }
                }
                await loop.turns(20)
                server.kill()
                var codes: [ProcessRepositoryError.Code?: Int] = [:]
                for try await code in group { codes[code, default: 0] += 1 }
                #expect(codes == [.outcomeUnknown: 10, .unavailable: 10])
            }

            let start = ContinuousClock.now
            await expectCode(.unavailable) { _ = try await repository.find(kept.id) }
            #expect(ContinuousClock.now - start < .seconds(60))
            #expect(await repository.health().state == .down)

            try server.start()
            await until { (try? await repository.find(kept.id)) != nil }
            #expect(try await repository.find(kept.id) == .found(kept))
            // The new server knows none of the scripts.
            try await repository.change(kept.id, by: .complete(result: nil))
        }
    }

    @Test("a look-up on its way through a short outage is answered")
    func blip() async throws {
        var options = RedisServer.Options()
        options.isPersistent = true
        let outlasting: (inout RedisConfiguration) -> Void = { $0.reconnectionGrace = .seconds(170) }
        try await withRepository(options, configure: outlasting) { repository, server async throws in
            let kept = startedRecord(at: repository.now())
            try await repository.keep(kept)
            let loop = repository.client.connection.loop
            // All connections are closed by the server, not the server itself.
            for _ in 0..<5 {
                server.suspend()
                let lookups = (0..<5).map { _ in
                    Task(executorPreference: loop) { try await repository.find(kept.id) }
                }
                await loop.turns(20)
                let killer = Task { try server.run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes") }
                server.resume()
                _ = try await killer.value
                for lookup in lookups { #expect(try await lookup.value == .found(kept)) }
                // By a connection that has not been closed: each call bears one loss.
                #expect(try await repository.find(kept.id) == .found(kept))
            }
        }
    }

    @Test("a server that hangs fails what waits for it after the time-out, and is used again when it answers")
    func hang() async throws {
        try await withRepository(configure: { $0.socketTimeout = .milliseconds(100) }) {
            repository, server async throws in
            let kept = startedRecord(at: repository.now())
            try await repository.keep(kept)
            server.suspend()
            await expectCode(.outcomeUnknown) {
                _ = try await repository.insert(
                    ProcessInsertion(startedRecord(at: repository.now()), hasGeneratedID: true))
            }
            await expectCode(.unavailable) { _ = try await repository.find(kept.id) }
            server.resume()
            await until { (try? await repository.find(kept.id)) == .found(kept) }
        }
    }

    @Test("many calls at once from many loops and from none are each answered with what they asked for")
    func pipelining() async throws {
        try await RedisServer.with { server async throws in
            try await withLoops(2) { loops async throws in
                let repository = try await RedisProcessRepository.open(server.configuration, loops: loops)
                let records = (0..<50).map { startedRecord("kind-\($0)", at: repository.now()) }
                try await repository.keep(records)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (number, record) in (records + records + records).enumerated() {
                        let loop = number % 3 == 2 ? nil : loops.loops[number % 3]
                        group.addTask(executorPreference: loop) { () async throws in
                            for _ in 0..<20 { #expect(try await repository.find(record.id) == .found(record)) }
                        }
                    }
                    try await group.waitForAll()
                }
                await repository.close()
                await expectCode(.unavailable) { _ = try await repository.find(records[0].id) }
                await expectCode(.unavailable) { try await repository.keep(records[0]) }
                await repository.close()
            }
        }
    }

    @Test("a caller on a loop with a connection stays on it")
    func noHop() async throws {
        try await RedisServer.with { server async throws in
            try await withLoops(2) { loops async throws in
                let repository = try await RedisProcessRepository.open(server.configuration, loops: loops)
                for loop in loops.loops {
                    await Task(executorPreference: loop) { () async in
                        for _ in 0..<10 {
                            #expect(loop.isCurrent)
                            #expect(repository.client.connection.loop === loop)
                            _ = await repository.health()
                        }
                    }.value
                }
                await repository.close()
            }
        }
    }

    @Test("there are never more connections than allowed")
    func connectionBound() async throws {
        try await RedisServer.with { server async throws in
            var configuration = server.configuration
            configuration.maxConnections = 2
            try await withLoops(3) { loops async throws in
                let repository = try await RedisProcessRepository.open(configuration, loops: loops)
                for loop in loops.loops {
                    await Task(executorPreference: loop) { #expect(await repository.health().state == .ok) }.value
                }
                let clients = try server.run("CLIENT", "LIST").text ?? ""
                #expect(clients.split(separator: "\n").filter { $0.contains("name=process-tracker") }.count == 2)
                await repository.close()
            }
        }
    }

    @Test("the time is the server's, to a few milliseconds")
    func time() async throws {
        try await withRepository { repository, server async throws in
            let before = try server.run("TIME").texts
            let now = repository.now()
            let after = try server.run("TIME").texts
            let first = Int64(before[0])! * 1000 + Int64(before[1])! / 1000
            let last = Int64(after[0])! * 1000 + Int64(after[1])! / 1000
            // Half of the round trip in which it was measured may be wrong.
            #expect(now.milliseconds >= first - 100 && now.milliseconds <= last + 100)
        }
    }

    @Test("a server that may drop keys is degraded, as is told without restarting")
    func evictionPolicy() async throws {
        var options = RedisServer.Options()
        options.arguments = ["--maxmemory-policy", "allkeys-lru"]
        try await withRepository(options) { repository, _ async throws in
            let health = await repository.health()
            #expect(health.state == .degraded)
            #expect(health.reason?.contains("allkeys-lru") == true)
        }
    }

    @Test("a full server refuses what is new, still answers, and takes a cleanup")
    func full() async throws {
        try await withRepository { repository, server async throws in
            let finished = try ProcessRecord.finished("a", created: repository.now())
            let running = startedRecord(at: repository.now())
            try await repository.keep(finished, running)
            try server.run("CONFIG", "SET", "maxmemory", "1")
            await expectCode(.storeFull) {
                _ = try await repository.insert(
                    ProcessInsertion(startedRecord(at: repository.now()), hasGeneratedID: true))
            }
            await expectCode(.storeFull) { try await repository.keep(startedRecord(at: repository.now())) }
            await expectCode(.storeFull) { try await repository.change(running.id, by: .complete(result: nil)) }
            #expect(try await repository.find(running.id) == .found(running))
            #expect(try await repository.counts().total == 2)
            #expect(try await repository.removeEverythingFinished().map(\.id) == ["a"])
            try server.run("CONFIG", "SET", "maxmemory", "0")
            try await repository.change(running.id, by: .complete(result: nil))
        }
    }
}

extension EventLoop {
    /// Lets the loop run what is queued, and what that queues, so many times.
    func turns(_ count: Int) async {
        for _ in 0..<count {
            await withCheckedContinuation { continuation in self.execute { continuation.resume() } }
        }
    }

    @Test("an instance subscribes while notices are needed, and one that was told so at once is not left without")
    func subscribesWhereNeeded() async throws {
        try await withRepository { repository, server async throws in
            let client = try server.connect()
            func untilSubscribers(_ count: Int) async throws {
                try await until { try client.run("PUBSUB", "NUMSUB", "process_events:0").elements[1].integer == count }
            }
            let log = NoticeLog(repository)
            try await untilSubscribers(1)
            await log.wait { $0 == .missed }
            repository.needNotices(false)
            try await untilSubscribers(0)
            #expect(await repository.health().state == .ok)

            for _ in 0..<100 {
                repository.needNotices(true)
                repository.needNotices(false)
            }
            log.clear()
            repository.needNotices(true)
            await log.wait { $0 == .missed }
            try await untilSubscribers(1)
            try await repository.keep(.started("a", at: repository.now()))
            await log.wait { $0 == .changed("a", revision: 1, status: .running, dueQueue: nil) }
        }
    }
}
