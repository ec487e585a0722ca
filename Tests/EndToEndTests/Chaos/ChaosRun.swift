import Glibc
import ProcessCore
import ProcessTestSupport
import Testing

/// A run: clients, workers and disturbances together, then calm, then a look at everything.
struct ChaosRun {
    let plan: ChaosPlan
    let instances: ChaosInstances
    let handlers: HandlerWorkers
    let server: RedisServer?
    let history = ChaosHistory()
    let control: ChaosControl

    static let workerCount = 8
    /// How many processes are under way at the same time.
    private static let lifeCount = 64

    /// Lives through all of it, and returns once nothing is left to be done.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { self.control.stop() }
            for index in 0..<Self.workerCount {
                group.addTask {
                    await ChaosWorker(
                        index: index, plan: self.plan, caller: self.caller("worker \(index)"), control: self.control
                    ).run()
                }
            }
            async let disturbed: Void = self.disturb()
            if ChaosSettings.isLong { group.addTask { await self.sayHowFar() } }
            await self.live()
            self.control.calmDown()
            try await disturbed
            // A worker may still ask where an instance was before it had to move.
            for index in 0..<ChaosPlan.handlerWorkerCount { try await self.handlers.crash(index) }
            await self.drain()
            self.control.stop()
            try await group.waitForAll()
        }
        await self.handlers.stop()
        for operation in try self.handlers.operations(until: self.history.now) { self.history.append(operation) }
        try await self.survey()
        await self.readOutputs()
    }

    private func caller(_ name: String) -> ChaosCaller { ChaosCaller(name, self.instances, self.history) }

    private func live() async {
        await withDiscardingTaskGroup { group in
            for slot in 0..<Self.lifeCount {
                group.addTask {
                    let caller = self.caller("client \(slot)")
                    while let number = self.control.takeNumber(below: self.plan.count) {
                        await ChaosLife(
                            plan: ProcessPlan(self.plan, number), run: self.plan, caller: caller, control: self.control
                        ).live()
                        self.control.countEnd()
                    }
                }
            }
        }
    }

    private func disturb() async throws {
        for disturbance in self.plan.disturbances(instances: self.instances.count, hasRedis: self.server != nil) {
            guard await self.control.reach(disturbance.after) else { return }
            let begin = self.history.now
            switch disturbance.kind {
            case .killInstance(let index): try await self.instances.crash(index)
            case .pauseInstance(let index, let duration): await self.instances.pause(index, for: duration)
            case .pauseRedis(let duration): await self.pauseRedis(for: duration)
            case .killWorker(let index): try await self.handlers.crash(index)
            case .cutConnections(let type): try self.server?.run("CLIENT", "KILL", "TYPE", type)
            }
            self.history.append(
                ChaosOperation(
                    actor: "chaos", request: .disturb(disturbance.kind), begin: begin, end: self.history.now,
                    answer: .shown(status: 200, [])))
        }
    }

    private func pauseRedis(for duration: Duration) async {
        self.server?.suspend()
        try? await Task.sleep(for: duration)
        self.server?.resume()
    }

    /// Waits until nothing is pending or running any more. What never ends is found by the survey.
    private func drain() async {
        while !self.control.isHopeless {
            let stats = try? await self.instances.program(0).client.get("/stats").json["by_status"].members
            if ["pending", "running"].allSatisfy({ stats?[$0]?.int == 0 }) { return }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Looks at everything there is, and expects every instance to count it so.
    private func survey() async throws {
        let begin = self.history.now
        var sightings: [Sighting] = []
        var cursor: String?
        repeat {
            let next = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try await self.instances.program(0).client.get("/processes?limit=200\(next)")
            var page = try JSONObject(parsing: Array(answer.text.utf8))
            let processes = try page.takeElements("processes") ?? []
            sightings += processes.compactMap { Sighting($0.text().description) }
            cursor = try page.takeString("next_cursor")
        } while cursor != nil
        self.history.append(
            ChaosOperation(
                actor: "survey", request: .survey, begin: begin, end: self.history.now,
                answer: .shown(status: 200, sightings)))

        let found = Dictionary(grouping: sightings, by: \.status.rawValue).mapValues(\.count)
        for index in 0..<self.instances.count {
            let stats = try await self.instances.program(index).client.get("/stats").json
            #expect(stats["total"].int == sightings.count)
            for (status, count) in stats["by_status"].members {
                #expect(count.int == found[status] ?? 0, "\(status)")
            }
        }
    }

    /// Reads the whole output of each process that somebody put out something of.
    private func readOutputs() async {
        let ids = Set(
            self.history.operations.compactMap { operation in
                if case .append(let attempt, _, _) = operation.request { attempt.id } else { nil }
            })
        let caller = self.caller("reader")
        for (number, id) in ids.sorted().enumerated() {
            let answer = await caller.ask(.readOutput(id), on: number)
            guard case .output = answer else {
                Issue.record("the output of \(id) was not read: \(answer)")
                return
            }
        }
    }

    private func sayHowFar() async {
        while !self.control.isStopped {
            let seconds = self.history.now.components.seconds
            print(
                "chaos on \(self.server == nil ? "sqlite" : "redis") after \(seconds) s:",
                "\(self.control.ended) of \(self.plan.count) processes, \(self.history.count) requests")
            fflush(nil)
            try? await Task.sleep(for: .seconds(5))
        }
    }
}
