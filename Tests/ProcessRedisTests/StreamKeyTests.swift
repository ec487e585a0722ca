import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessRedis

@Suite("Output in Redis", .timeLimit(.minutes(3)))
struct StreamKeyTests {
    @Test("reads well by hand, and leaves nothing behind")
    func keys() async throws {
        try await withRepository { repository, server async throws in
            try await repository.keep(.started("a", at: repository.now()))
            try await repository.append(to: "a", #""Hel""#, #""lo""#)
            #expect(
                try server.run("XRANGE", "process_stream:a", "-", "+").elements.map { $0.elements[0].text }
                    == ["1-0", "2-0"])
            #expect(
                try server.run("XRANGE", "process_stream:a", "2-0", "2-0").elements[0].elements[1].texts
                    == ["type", "content", "data", #""lo""#])
            #expect(
                try server.run("HMGET", "process:a", "stream_last", "stream_attempt").texts == [
                    "2", "1",
                ])
            #expect(try server.run("ZCARD", "process_streams").integer == 1)
            try await repository.change("a", by: .complete(result: nil))
            #expect(try await repository.removeEverythingFinished(tombstoneLifetime: .zero).count == 1)
            while try await repository.forgetExpired() {}
            #expect(try server.run("KEYS", "process_stream*").elements.isEmpty)
        }
    }

    @Test(
        "what others keep under the key of a process's output is left alone, and fails for that process only",
        arguments: [
            ["SET", "process_stream:a", "precious"], ["HSET", "process_stream:a", "x", "y"],
            ["RPUSH", "process_stream:a", "1"],
        ])
    func foreign(command: [String]) async throws {
        try await withRepository { repository, server async throws in
            let now = repository.now()
            try await repository.keep(.started("a", at: now), .started("b", at: now))
            let client = try server.connect()
            try client.run(command)
            await expectCode(.unexpectedAnswer) { try await repository.append(to: "a", "1") }
            #expect(try server.run("HEXISTS", "process:a", "stream_last").integer == 0)
            #expect(try await repository.page(of: "a").chunks == [])
            try await repository.append(to: "b", "1")
            #expect(try await repository.page(of: "b").last == 1)
            #expect(try server.run("EXISTS", "process_stream:a").integer == 1)
        }
    }

    @Test("output that somebody replaced or added to fails for that process only, and changes nothing")
    func spoilt() async throws {
        try await withRepository { repository, server async throws in
            let now = repository.now()
            let ids: [ProcessID] = ["replaced", "ahead", "odd", "broken", "good"]
            for id in ids {
                try await repository.keep(.started(id, at: now))
                try await repository.append(to: id, "1", "2")
            }
            try server.run("SET", "process_stream:replaced", "precious")
            try server.run("XADD", "process_stream:ahead", "9-0", "type", "t", "data", "1")
            try server.run("DEL", "process_stream:odd", "process_stream:broken")
            try server.run("XADD", "process_stream:odd", "1-0", "owner", "somebody")
            try server.run("XADD", "process_stream:broken", "1-0", "type", "t", "data", "{")
            for id: ProcessID in ["replaced", "odd", "broken"] {
                await expectCode(.unexpectedAnswer) { _ = try await repository.page(of: id) }
            }
            #expect(try await repository.page(of: "ahead").chunks.map(\.index) == [1, 2])
            for id: ProcessID in ["replaced", "ahead"] {
                await expectCode(.unexpectedAnswer) { try await repository.append(to: id, "3") }
                #expect(try server.run("HGET", "process:\(id)", "stream_last").text == "2")
            }
            #expect(try await repository.append(to: "good", "3") == 3...3)
        }
    }

    @Test("output whose stream was deleted by hand is missing, and goes on under its indexes")
    func deletedStream() async throws {
        try await withRepository { repository, server async throws in
            try await repository.keep(.started("a", at: repository.now()))
            try await repository.append(to: "a", "1", "2")
            try server.run("DEL", "process_stream:a")
            #expect(try await repository.page(of: "a") == StreamPage(chunks: [], last: 2, status: .running))
            #expect(try await repository.append(to: "a", "3") == 3...3)
            #expect(try await repository.page(of: "a").gap(after: 0) == 1...2)
        }
    }

    @Test("what a process left whose hash was deleted by hand goes with the next sweep, or the next output")
    func deletedProcess() async throws {
        try await withRepository { repository, server async throws in
            for id: ProcessID in ["a", "b"] {
                try await repository.keep(.started(id, at: repository.now()))
                try await repository.append(to: id, "1", "2")
                try server.run("DEL", "process:\(id)")
            }
            try await repository.keep(.started("b", at: repository.now()))
            #expect(try await repository.page(of: "b").last == 0)
            #expect(try await repository.append(to: "b", "3") == 1...1)
            #expect(try await repository.removeStreams(endedBy: repository.now() + .seconds(5)) == false)
            #expect(try server.run("EXISTS", "process_stream:a").integer == 0)
            #expect(try await repository.page(of: "b").chunks == [.content(1, "3")])
        }
    }

    @Test("an append is one round trip, and so is a page", arguments: [1, 200])
    func roundTrips(count: Int) async throws {
        try await withRepository { repository, server async throws in
            try await repository.keep(.started("a", at: repository.now()))
            try await repository.append(to: "a", "0")
            let before = try Self.commands(server)
            let output = (0..<count).map { StreamOutput(type: "t", data: JSONText(unchecked: Array("\($0)".utf8))) }
            _ = try await repository.append(StreamAppend(to: "a", output))
            #expect(try await repository.page(of: "a").chunks.count == count + 1)
            #expect(try Self.commands(server) == before + 2)
        }
    }

    /// How many scripts the server was asked to run.
    private static func commands(_ server: RedisServer) throws -> Int {
        let lines = try server.run("INFO", "commandstats").text?.split(whereSeparator: \.isNewline) ?? []
        let evaluations = lines.first { $0.hasPrefix("cmdstat_evalsha:calls=") } ?? ""
        return Int(evaluations.split(separator: "=").dropFirst().first?.prefix { $0.isNumber } ?? "") ?? 0
    }
}
