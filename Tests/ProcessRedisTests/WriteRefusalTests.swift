import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessRedis

@Suite("A server that refuses every write", .timeLimit(.minutes(3)))
struct WriteRefusalTests {
    @Test(
        "health is degraded from the first write that was refused until writes work again, and nothing is left of looking",
        arguments: [["maxmemory", "1", "0"], ["min-replicas-to-write", "1", "0"]])
    func degraded(setting: [String]) async throws {
        try await withRepository { repository, server async throws in
            try server.run("CONFIG", "SET", setting[0], setting[1])
            do {
                try await repository.keep(startedRecord(at: repository.now()))
                Issue.record("it was written")
            } catch let error as ProcessRepositoryError {
                #expect(error.code == (setting[0] == "maxmemory" ? .storeFull : .unavailable))
                if setting[0] != "maxmemory" { #expect(error.explanation?.reason.contains("replicas") == true) }
            }
            for _ in 1...2 {
                let health = await repository.health()
                #expect(health.state == .degraded)
                #expect(health.reason?.contains("takes no writes") == true)
            }
            try server.run("CONFIG", "SET", setting[0], setting[2])
            #expect(await repository.health().state == .ok)
            #expect(try server.run("DBSIZE").integer == 0)
        }
    }

    @Test("a server that became a replica is down, and is left for the master that its name leads to later")
    func replica() async throws {
        try await withRepository { repository, server async throws in
            let record = startedRecord(at: repository.now())
            try await repository.keep(record)
            let client = try server.connect()
            func identifiers() throws -> Set<String> {
                let list = try client.run("CLIENT", "LIST").text ?? ""
                let lines = list.split(separator: "\n").filter { $0.contains("name=process-tracker") }
                return Set(lines.compactMap { $0.split(separator: " ").first.map(String.init) })
            }
            let before = try identifiers()
            #expect(!before.isEmpty)
            try client.run("REPLICAOF", "127.0.0.1", "1")
            do {
                try await repository.change(record.id, by: .complete(result: nil))
                Issue.record("it was written")
            } catch let error as ProcessRepositoryError {
                #expect(error.code == .unavailable)
                #expect(error.explanation?.reason.contains("replica") == true)
            }
            let health = await repository.health()
            #expect(health.state == .down)
            #expect(health.reason?.contains("replica") == true)
            #expect(try await repository.find(record.id) == .found(record))
            try await until { try identifiers().isDisjoint(with: before) && !(try identifiers().isEmpty) }

            try client.run("REPLICAOF", "NO", "ONE")
            #expect(await repository.health().state == .ok)
            try await repository.change(record.id, by: .complete(result: nil))
        }
    }

    @Test(
        "a transaction that the server gives up, since it came to refuse writes after the queueing, is such a refusal",
        arguments: [
            ["REPLICAOF", "127.0.0.1", "1"], ["CONFIG", "SET", "min-replicas-to-write", "1"],
            ["CONFIG", "SET", "maxmemory", "1"],
        ])
    func refusedAtTheEnd(change: [String]) async throws {
        try await withRepository { repository, server async throws in
            let (client, other) = (try server.connect(), try server.connect())
            try client.run("MULTI")
            try client.run("SET", "key", "1")
            try other.run(change)
            try client.send(["EXEC"])
            guard case .error(let text) = try client.receive() else {
                Issue.record("it was done")
                return
            }
            #expect(text.hasPrefix("EXECABORT"))
            let isFull = change.contains("maxmemory")
            let error = ProcessRepositoryError(redis: text, doing: "the insert")
            #expect(error.code == (isFull ? .storeFull : .unavailable), "\(text)")
            #expect((error.explanation != nil) == !isFull)
            let refusal = RedisWriteRefusal()
            #expect(refusal.note(text) == (change[0] == "REPLICAOF"))
            #expect(refusal.current == text)
        }
    }

    @Test("calls that are on their way when the connection is made anew are all answered")
    func renewedUnderLoad() async throws {
        try await withRepository { repository, server async throws in
            let client = try server.connect()
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        do {
                            try await repository.keep(startedRecord(at: repository.now()))
                            return true
                        } catch let error as ProcessRepositoryError {
                            #expect(error.explanation?.reason.contains("replica") == true, "\(error)")
                            return false
                        }
                    }
                    if index == 100 { try client.run("REPLICAOF", "127.0.0.1", "1") }
                }
                let kept = try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                #expect(try client.run("SCARD", "process_ids").integer == kept)
            }
        }
    }
}
