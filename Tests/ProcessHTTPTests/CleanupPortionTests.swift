import Glibc
import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessHTTP

@Suite("DELETE /cleanup in portions")
struct CleanupPortionTests {
    /// Calls again with the cursor until there is none.
    private func portions(_ service: TestService, _ query: String) async -> [TestResponse] {
        var answers = [await service.delete("/cleanup?\(query)&within=1ms")]
        while let cursor = answers.last?["next_cursor"]?.text, answers.count < 100 {
            answers.append(await service.delete("/cleanup?\(query)&within=1ms&cursor=\(cursor)"))
        }
        #expect(answers.allSatisfy { $0.status == 200 })
        #expect(answers.last?["next_cursor"] == .null)
        return answers
    }

    /// A store in which each batch takes longer than a portion may, with 90 that ended and 10 that stay.
    private func filled() async -> TestService {
        let service = TestService(wrapping: {
            InterposedRepository(
                $0,
                failing: {
                    usleep(1500)
                    return nil
                })
        })
        for number in 0..<100 {
            await service.start("p-\(number)", number % 10 == 0 ? #","retain":"7d""# : "")
            _ = await service.post("/complete/p-\(number)")
            service.clock.advance(by: .milliseconds(1))
        }
        return service
    }

    @Test("a call that is given little time does a part, and says where to go on; figures count from the first on")
    func removal() async {
        let service = await self.filled()
        let answers = await self.portions(service, "older_than=0")
        let removed = answers.map { $0["removed"] ?? .null }
        #expect(answers.count == 4, "a batch each: \(removed)")
        #expect(answers.last?["removed"] == 90)
        #expect(answers.last?["remaining"] == 10)
        #expect(removed.first == 25)
        let last = await service.get("/stats")["last_cleanup"]
        #expect(last?["removed"] == 90)
        #expect(await service.get("/stats")["total"] == 10)
    }

    @Test("a dry run in portions counts what a removal in portions then removes")
    func dryRun() async {
        let service = await self.filled()
        let counted = await self.portions(service, "older_than=0&dry_run=true")
        #expect(counted.count == 4)
        #expect(counted.last?["removed"] == 90)
        #expect(counted.last?["remaining"] == 10)
        #expect(await service.get("/stats")["total"] == 100)
        #expect(await service.get("/stats")["last_cleanup"] == .null)
        #expect(await self.portions(service, "older_than=0&force=true").last?["removed"] == 100)
    }

    @Test("what ends while a cleanup goes on is not its business, so that it has an end")
    func newcomers() async {
        let service = await self.filled()
        let first = await service.delete("/cleanup?older_than=0&within=1ms")
        service.clock.advance(by: .milliseconds(1))
        await service.start("late")
        _ = await service.post("/complete/late")
        let cursor = first["next_cursor"]?.text ?? ""
        let rest = await service.delete("/cleanup?older_than=0&cursor=\(cursor)")
        #expect(rest["removed"] == 90)
        #expect(rest.json.names == ["removed", "remaining", "dry_run", "elapsed_ms", "next_cursor"])
        #expect(rest["next_cursor"] == .null)
        #expect(await service.get("/status/late").status == 200)
    }

    @Test("all stores go on where they stopped", arguments: Backend.allCases)
    func stores(backend: Backend) async throws {
        try await TestService.with(backend) { service in
            for number in 0..<60 {
                await service.start("p-\(number)", number % 10 == 0 ? #","retain":"7d""# : "")
                _ = await service.post("/complete/p-\(number)")
            }
            #expect(await self.portions(service, "older_than=0&dry_run=true").last?["removed"] == 54)
            #expect(await self.portions(service, "older_than=0").last?["removed"] == 54)
            #expect(await self.portions(service, "older_than=0&force=true").last?["removed"] == 6)
            #expect(await self.portions(service, "corrupt=true&force=true").last?["removed"] == 0)
            #expect(await service.get("/stats")["total"] == 0)
        }
    }

    @Test("a cursor of a time to come removes nothing that is still to be kept")
    func cursorOfTimeToCome() async {
        let service = await self.filled()
        var place = CleanupPlace(startedAt: service.clock.now + .seconds(8 * 86_400))
        for index in 0...3 {
            place.cursor = CleanupRequest.Cursor(index: index, score: 0, id: "")
            for query in ["", "older_than=0&"] {
                let answer = await service.delete("/cleanup?\(query)cursor=\(CleanupCursor.text(place))")
                #expect(answer.status == 200)
            }
        }
        #expect(await service.get("/stats")["total"] == 10)
    }

    @Test("a cursor is taken as it was given, and one that was made up harms nobody", arguments: Backend.allCases)
    func cursors(backend: Backend) async throws {
        var place = CleanupPlace(startedAt: Timestamp(milliseconds: 1_800_000_000_000))
        (place.removed, place.removedFinished, place.elapsed) = (7, 6, .milliseconds(5))
        #expect(CleanupCursor.place(CleanupCursor.text(place)) == place)
        place.cursor = CleanupRequest.Cursor(index: 1, score: -4, id: "a")
        let text = CleanupCursor.text(place)
        #expect(CleanupCursor.place(text) == place)
        for bad in ["", "A", text + "=", String(text.prefix(12))] {
            #expect(CleanupCursor.place(bad) == nil)
        }
        place.removed = .max
        #expect(CleanupCursor.place(CleanupCursor.text(place)) == nil)
        try await TestService.with(backend) { service in
            await service.start("a")
            _ = await service.post("/complete/a")
            for (index, score) in [(255, Int64.max), (0, .max), (1, .min), (3, 0)] {
                for startedAt in [0, Int64(1) << 53] {
                    var place = CleanupPlace(startedAt: Timestamp(milliseconds: startedAt))
                    place.cursor = CleanupRequest.Cursor(index: index, score: score, id: "\u{FFFD} *")
                    let cursor = CleanupCursor.text(place)
                    for query in ["older_than=36500d", "older_than=0&force=true", "", "corrupt=true&force=true"] {
                        let answer = await service.delete("/cleanup?\(query)&dry_run=true&cursor=\(cursor)")
                        #expect(answer.status == 200, "\(answer.text)")
                    }
                }
            }
        }
    }
}
