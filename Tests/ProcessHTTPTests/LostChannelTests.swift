import ProcessCore
import ProcessTestSupport
import Testing

@Suite("A lost channel of changes", .timeLimit(.minutes(3)))
struct LostChannelTests {
    @Test("does not hold up who waits: what changed meanwhile is answered when the channel is heard again")
    func lost() async throws {
        try await RedisServer.with { server async throws in
            try await server.withRepositories(2) { repositories async throws in
                let (repository, other) = (
                    repositories[0] as any ProcessRepository, repositories[1] as any ProcessRepository
                )
                let log = NoticeLog(repository)
                // Time stands still for those who wait, so nothing but a notice wakes them.
                let service = TestService(wrapping: { _ in repository })
                await log.wait { $0 == .missed }
                await service.start("a")
                async let claim = service.post("/claim", #"{"queues":["q"]}"#, headers: ["Prefer": "wait=20"])
                async let status = service.get("/status/a", headers: ["Prefer": "wait=20"])
                await service.timer.waitForSleepers(2)

                try server.run("ACL", "SETUSER", "default", "-subscribe")
                #expect(try server.run("CLIENT", "KILL", "TYPE", "pubsub").integer == 1)
                while await repository.health().state != .degraded { try Task.checkCancellation() }
                // What is published now is heard by nobody.
                try await other.keep(.queued("b", in: "q"))
                try await other.change("a", by: .complete(result: "7"))
                try server.run("ACL", "SETUSER", "default", "+subscribe")

                let claimed = await claim["processes"]?.elements.compactMap { $0["process_id"]?.text }
                #expect(claimed == ["b"])
                let finished = await status
                #expect(finished["status"]?.text == "completed")
                #expect(finished["result"] == 7)
                #expect(await repository.health().state == .ok)
            }
        }
    }
}
