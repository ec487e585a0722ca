import ProcessTestSupport
import Synchronization
import Testing

@testable import ProcessCore

@Suite("Whether notices are needed", .timeLimit(.minutes(3)))
struct QuietHubTests {
    /// A hub whose slow timer turns when the test says so, and what it told its repository.
    private final class Fixture: Sendable {
        let clock = TurnClock()
        let hub: ChangeHub
        private let turns = Mutex(0)
        private let told = Mutex<[Bool]>([])

        init() { self.hub = ChangeHub(clock: self.clock) }

        var needs: [Bool] { self.told.withLock { $0 } }

        func run(_ repository: any ProcessRepository, _ body: () async throws -> Void) async rethrows {
            let repository = InterposedRepository(
                repository, onNeed: { isNeeded in self.told.withLock { $0.append(isNeeded) } })
            let manager = ProcessManager(repository: repository, hub: self.hub)
            let timer = Task { await self.hub.run() }
            await self.clock.untilSleep(1)
            try await body()
            timer.cancel()
            await timer.value
            withExtendedLifetime(manager) {}
        }

        func turn(_ count: Int) async {
            for _ in 0..<count {
                let turns = self.turns.withLock { turns in
                    turns += 1
                    return turns
                }
                self.clock.wake()
                await self.clock.untilSleep(turns + 1)
            }
        }
    }

    private let fixture = Fixture()

    @Test("they are not once nobody has waited for some turns, and are again as soon as somebody watches")
    func watch() async throws {
        try await Backend.memory.withRepository { repository, _ async throws in
            await self.fixture.run(repository) {
                await self.fixture.turn(ChangeHub.turnsUntilQuiet - 1)
                #expect(self.fixture.needs.isEmpty)
                await self.fixture.turn(3)
                #expect(self.fixture.needs == [false])
                let signal = self.fixture.hub.watch("a")
                #expect(self.fixture.needs == [false, true])
                await self.fixture.turn(20)
                #expect(self.fixture.needs == [false, true])
                self.fixture.hub.unwatch("a", signal)
                await self.fixture.turn(ChangeHub.turnsUntilQuiet)
                #expect(self.fixture.needs == [false, true, false])
            }
        }
    }

    @Test("whoever comes and goes between two turns counts, and so does who follows everything")
    func brief() async throws {
        try await Backend.memory.withRepository { repository, _ async throws in
            await self.fixture.run(repository) {
                for _ in 0..<10 {
                    await self.fixture.turn(ChangeHub.turnsUntilQuiet - 1)
                    self.fixture.hub.unfollow(self.fixture.hub.follow())
                }
                #expect(self.fixture.needs.isEmpty)
                let feed = self.fixture.hub.follow()
                await self.fixture.turn(20)
                #expect(self.fixture.needs.isEmpty)
                self.fixture.hub.unfollow(feed)
            }
        }
    }

    @Test("a claim counts from when it is parked, not while it finds work")
    func claim() async throws {
        try await Backend.memory.withRepository { repository, _ async throws in
            await self.fixture.run(repository) {
                let hub = self.fixture.hub
                let busy = hub.enter(["q"])
                await self.fixture.turn(20)
                #expect(self.fixture.needs == [false])
                async let parked = hub.park(busy)
                while self.fixture.needs.count < 2 { await Task.yield() }
                #expect(self.fixture.needs == [false, true])
                hub.take(.missed)
                #expect(await parked)
                hub.leave(busy, .gone)
            }
        }
    }
}
