import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessRedis

@Suite("What others left or spoilt in Redis", .timeLimit(.minutes(3)))
struct ForeignDataTests {
    /// Ways to spoil the hash of a process.
    static let damages: [[String]] = [
        ["HSET", "status", "sleeping"], ["HDEL", "status"], ["HDEL", "kind"], ["HDEL", "created_at"],
        ["HDEL", "attempt"], ["HSET", "revision", "x"], ["HSET", "updated_at", "yesterday"],
        ["HSET", "input", "{broken"], ["HSET", "metadata", "[]"], ["HSET", "backoff", "1"],
        ["HSET", "progress_fraction", "half"], ["HSET", "kind", "no kind"], ["HSET", "retain", "long"],
    ]

    private func spoil(_ id: ProcessID, _ damage: [String], on server: RedisServer) throws {
        try server.connect().run([damage[0], "process:\(id)"] + damage.dropFirst())
    }

    @Test("a record that can't be read is corrupt for itself alone, and can be removed", arguments: damages)
    func corrupt(damage: [String]) async throws {
        try await withRepository { repository, server async throws in
            let now = repository.now()
            try await repository.keep(
                .started("bad", at: now) { $0.lease = .milliseconds(1) },
                .started("good", at: now) { $0.lease = .milliseconds(1) })
            try self.spoil("bad", damage, on: server)

            guard case .corrupt(let reason) = try await repository.find("bad") else {
                Issue.record("it was read")
                return
            }
            #expect(reason.contains(damage[1]), "\(reason)")
            guard case .corrupt = try await repository.find(["good", "bad"])[1] else {
                Issue.record("it was read among others")
                return
            }
            #expect(try await repository.page(ProcessQuery()).records.map(\.id) == ["good"])
            let later = now + .seconds(60)
            #expect(try await repository.findOverdue(at: later, limit: 1).map(\.id) == ["good"])
            guard case .exists(.corrupt) = try await repository.insert(ProcessInsertion(.started("bad", at: now)))
            else {
                Issue.record("its id was used again")
                return
            }
            let good = try await repository.record("good")
            guard case .conflict = try await repository.replace(.started("bad", at: now), ifRevision: 7, notBefore: nil)
            else {
                Issue.record("it was replaced")
                return
            }

            let dry = try await repository.cleanup(CleanupRequest(.corrupt, isDryRun: true))
            #expect(dry.removed.map(\.id) == ["bad"])
            guard case .corrupt = try await repository.find("bad") else {
                Issue.record("a dry run removed it")
                return
            }
            let removed = try await repository.cleanupAll(CleanupRequest(.corrupt, limit: 1))
            #expect(removed.map(\.id) == ["bad"])
            #expect(try await repository.find("bad") == .removed(removed[0]))
            #expect(try await repository.record("good") == good)
            #expect(try await repository.counts().total == 1)
            #expect(try server.run("ZCARD", "process_leases").integer == 1)
        }
    }

    @Test(
        "a waiting process that can't be read is handed to nobody, and holds up nobody",
        arguments: [["HDEL", "created_at"], ["HSET", "lease", "soon"], ["HSET", "timeout", "1h"]])
    func corruptInQueue(command: [String]) async throws {
        try await withRepository { repository, server async throws in
            let now = repository.now()
            try await repository.keep(.queued("bad", priority: 9, at: now), .queued("good", at: now))
            try self.spoil("bad", command, on: server)
            #expect(try await repository.claim(ClaimRequest(queues: ["default"])).map(\.id) == ["good"])
            #expect(try await repository.claim(ClaimRequest(queues: ["default"])).isEmpty)
            #expect(try server.run("HGET", "process:bad", "status").text == "pending")
            #expect(try await repository.cleanup(CleanupRequest(.corrupt)).removed.map(\.id) == ["bad"])
        }
    }

    @Test("a process that was taken out of its queue by hand is handed to nobody, and stays")
    func outOfItsQueue() async throws {
        try await withRepository { repository, server async throws in
            let now = repository.now()
            try await repository.keep(.queued("out", priority: 9, at: now), .queued("in", at: now))
            try server.run("HDEL", "process:out", "queue")
            #expect(try await repository.claim(ClaimRequest(queues: ["default"], limit: 2)).map(\.id) == ["in"])
            #expect(try await repository.record("out").status == .pending)
            #expect(try server.run("ZCARD", "process_queue:default").integer == 0)
        }
    }

    @Test(
        "a key of ours that holds something else is nobody's process, and stays as it is",
        arguments: [
            ["SET", "process:x", "precious"], ["HSET", "process:x", "owner", "somebody", "status", "running"],
            ["RPUSH", "process:x", "1"],
        ])
    func foreign(command: [String]) async throws {
        try await withRepository { repository, server async throws in
            let client = try server.connect()
            try client.run(command)
            let before = try client.run("DUMP", "process:x")
            // Even an index that names it does not make it ours.
            for key in ["process_times", "process_status:running", "process_leases", "process_finished"] {
                try client.run("ZADD", key, "1", "x")
            }
            try client.run("SADD", "process_ids", "x")
            try client.run("SADD", "process_queues", "q")
            try client.run("ZADD", "process_queue:q", "1", "x")

            let now = repository.now()
            #expect(try await repository.find("x") == .missing)
            #expect(try await repository.find(["x"]) == [.missing])
            #expect(try await repository.page(ProcessQuery()).records.isEmpty)
            #expect(try await repository.claim(ClaimRequest(queues: ["q"])).isEmpty)
            #expect(try await repository.findOverdue(at: now, limit: 5).isEmpty)
            #expect(try await repository.removeEverythingFinished().isEmpty)
            let everything = CleanupRequest.Scope.older(
                by: now, statuses: Set(ProcessStatus.allCases), includingRetained: true)
            #expect(try await repository.cleanupAll(CleanupRequest(everything)).isEmpty)
            #expect(try await repository.cleanupAll(CleanupRequest(.corrupt)).isEmpty)
            guard case .exists(.corrupt) = try await repository.insert(ProcessInsertion(.started("x", at: now))) else {
                Issue.record("its id was used")
                return
            }
            let outcome = try await repository.replace(.started("x", at: now), ifRevision: 1, notBefore: nil)
            #expect(outcome == .conflict(.missing))
            #expect(
                try await repository.insert(ProcessInsertion(.started("child", at: now) { $0.parentID = "x" }))
                    == .parentMissing)
            #expect(try client.run("DUMP", "process:x") == before)
            #expect(try await repository.counts().total == 0)
        }
    }

    @Test(
        "a key that comes to hold something else is named before a change has written anything",
        arguments: [
            "process_status:running", "process_status:completed", "process_leases", "process_finished", "process_times",
            "process_ids", "process_kinds",
        ])
    func replacedByAnotherType(key: String) async throws {
        try await withRepository { repository, server async throws in
            let now = repository.now()
            try await repository.keep(.queued("a", at: now))
            let claimed = try await repository.claim(ClaimRequest(queues: ["default"]))
            let client = try server.connect()
            try client.run("UNLINK", key)
            try client.run("SET", key, "precious")
            let before = try client.run("HGETALL", "process:a").texts

            let isOfReport = !["process_times", "process_ids", "process_kinds"].contains(key)
            do {
                if isOfReport {
                    let completed = try claimed[0].changed(by: .complete(result: "1"), at: now)
                    _ = try await repository.replace(completed, ifRevision: claimed[0].revision, notBefore: nil)
                } else {
                    let idempotency = ProcessInsertion.Idempotency(key: "k", fingerprint: "f", lifetime: .seconds(60))
                    _ = try await repository.insert(ProcessInsertion(.started("b", at: now), idempotency: idempotency))
                }
                Issue.record("it was written")
            } catch let error as ProcessRepositoryError {
                #expect(error.code == .refused)
                #expect(error.message.contains(key), "\(error.message)")
            }
            #expect(try client.run("HGETALL", "process:a").texts == before)
            #expect(try client.run("EXISTS", "process:b").integer == 0)
            #expect(try client.run("GET", key).text == "precious")
            try client.run("UNLINK", key)
            try await repository.change("a", by: .complete(result: "1"))
        }
    }

    @Test(
        "a plain start on a key that holds something else leaves nothing behind, names the key, and may be sent again",
        arguments: ["process_kinds", "process_ids", "process_times", "process_status:running"])
    func plainStartOnAnotherType(key: String) async throws {
        try await withRepository { repository, server async throws in
            let client = try server.connect()
            try client.run("SET", key, "precious")
            for _ in 1...2 {
                let record = startedRecord(at: repository.now())
                do {
                    _ = try await repository.insert(ProcessInsertion(record, hasGeneratedID: true))
                    Issue.record("it was written")
                } catch let error as ProcessRepositoryError {
                    #expect(error.code == .refused)
                    #expect(error.message.contains(key), "\(error.message)")
                    #expect(error.explanation != nil)
                }
                #expect(try await repository.find(record.id) == .missing)
            }
            #expect(try client.run("GET", key).text == "precious")
            #expect(try client.run("KEYS", "process:*").texts == [])
            for index in ["process_ids", "process_times", "process_status:running"] where index != key {
                #expect(try client.run("EXISTS", index).integer == 0, "\(index)")
            }
        }
    }

    @Test("a start of which a part was refused stays where somebody has claimed it before it could be taken back")
    func claimedBeforeTakenBack() async throws {
        try await withRepository { repository, server async throws in
            let record = startedRecord(at: repository.now(), queue: "default")
            try await repository.keep(record)
            let claimed = try #require(try await repository.claim(ClaimRequest(queues: ["default"])).first)
            let before = try server.run("ZRANGE", "process_status:running", "0", "-1").texts
            do throws(ProcessRepositoryError) {
                try await repository.takeBack(record, because: "WRONGTYPE of some index")
                Issue.record("it says that it was taken back")
            } catch {
                #expect(error.code == .outcomeUnknown)
            }
            #expect(try await repository.find(record.id) == .found(claimed))
            #expect(try server.run("ZRANGE", "process_status:running", "0", "-1").texts == before)
        }
    }

    @Test("an id whose key holds something else says so, and what to do about it")
    func foreignInTheWay() async throws {
        try await withRepository { repository, server async throws in
            try server.run("HSET", "process:x", "owner", "somebody")
            let manager = ProcessManager(repository: repository)
            var start = ProcessStart(kind: "report")
            start.id = "x"
            for returnsExisting in [false, true] {
                do throws(ProcessError) {
                    _ = try await manager.start(start, returnsExisting: returnsExisting)
                    Issue.record("it was started")
                } catch {
                    guard case .unusable("x", let reason, isOurs: false) = error else {
                        Issue.record("\(error)")
                        return
                    }
                    #expect(reason.contains("not a process"))
                }
            }
            #expect(try server.run("HGETALL", "process:x").texts == ["owner", "somebody"])
        }
    }

    @Test(
        "an index entry without its process is mended by who comes across it",
        arguments: [
            "page", "claim", "overdue", "cleanup", "corrupt",
        ])
    func dangling(finder: String) async throws {
        try await withRepository { repository, server async throws in
            let now = repository.now()
            try await repository.keep(
                .queued("gone", priority: 5, at: now), .queued("here", at: now),
                .started("lost", at: now) { $0.lease = .milliseconds(1) }, try .finished("past", created: now))
            try server.run("DEL", "process:gone", "process:lost", "process:past")
            switch finder {
            case "page": #expect(try await repository.page(ProcessQuery()).records.map(\.id) == ["here"])
            case "claim":
                let request = ClaimRequest(queues: ["default"], limit: 5)
                #expect(try await repository.claim(request).map(\.id) == ["here"])
            case "overdue": #expect(try await repository.findOverdue(at: now + .seconds(9), limit: 5).isEmpty)
            case "cleanup": #expect(try await repository.removeEverythingFinished().isEmpty)
            default: #expect(try await repository.cleanup(CleanupRequest(.corrupt)).removed.isEmpty)
            }
            let expected: [String: Set<String>] = [
                "page": ["here"], "corrupt": ["here"], "claim": ["here", "lost", "past"],
                "overdue": ["here", "gone", "past"], "cleanup": ["here", "gone", "lost"],
            ]
            #expect(Set(try server.run("SMEMBERS", "process_ids").texts) == expected[finder])
            #expect(Set(try server.run("ZRANGE", "process_times", "0", "-1").texts) == expected[finder])
        }
    }

    @Test("an age never sticks to a process that is gone")
    func danglingAge() async throws {
        try await withRepository { repository, server async throws in
            try await repository.keep(.started("gone", at: .ms(1_000)), .started("here", at: .ms(2_000)))
            try server.run("DEL", "process:gone")
            #expect(try await repository.counts().oldestRunning == .ms(2_000))
        }
    }

    @Test("fields of a later version are passed over, and kept")
    func laterVersion() async throws {
        try await withRepository { repository, server async throws in
            let record = ProcessRecord.started("a", at: repository.now())
            try await repository.keep(record)
            try server.run("HSET", "process:a", "from_a_later_version", "1")
            expectEqual(try await repository.record("a"), record)
            try await repository.change("a", by: .complete(result: nil))
            #expect(try server.run("HGET", "process:a", "from_a_later_version").text == "1")
        }
    }

    @Test("an idempotency key of an earlier version, with the id alone, answers its process")
    func earlierKey() async throws {
        try await withRepository { repository, server async throws in
            let record = ProcessRecord.started("a", at: repository.now())
            try await repository.keep(record)
            try server.run("SET", "process_idempotency:k", "99999999999999 a f")
            let key = ProcessInsertion.Idempotency(key: "k", fingerprint: "f", lifetime: .seconds(60))
            let again = ProcessInsertion(.started("b", at: repository.now()), idempotency: key)
            #expect(try await repository.insert(again) == .replayed(.found(record)))
        }
    }

    @Test("a removed process leaves nothing but its tombstone")
    func nothingLeft() async throws {
        try await withRepository { repository, server async throws in
            let now = repository.now()
            try await repository.keep(
                .queued("a", at: now) { $0.timeout = .seconds(5) }, .started("b", kind: "mail", at: now),
                .started("c", at: now) { $0.parentID = "b" }, .started("d", at: now) { $0.retain = .forever })
            try server.run("XADD", "process_stream:a", "*", "data", "1")
            _ = try await repository.claim(ClaimRequest(queues: ["default"]))
            for id in ["a", "b", "c", "d"] as [ProcessID] {
                try await repository.change(id, by: .complete(result: nil))
            }
            #expect(try await repository.removeEverythingFinished().count == 4)
            #expect(Set(try server.run("KEYS", "*").texts) == ["process_removed", "process_tombstones"])
        }
    }

    @Test("a process that stands in two indexes at once is removed once")
    func standsTwice() async throws {
        try await withRepository { repository, server async throws in
            try await repository.keep(try .finished("a"), try .finished("b"))
            try server.run("ZADD", "process_expires", "1", "a")
            let listener = try server.connect()
            try listener.run("SUBSCRIBE", "process_events:0")
            #expect(try await repository.removeEverythingFinished().map(\.id) == ["a", "b"])
            for id in ["a", "b"] { #expect(try listener.receive().texts.last?.hasPrefix("\(id) ") == true) }
            #expect(Set(try server.run("KEYS", "*").texts) == ["process_removed", "process_tombstones"])
        }
    }
}
