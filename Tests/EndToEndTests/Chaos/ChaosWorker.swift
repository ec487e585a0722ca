/// A worker that claims and works until the run is over; each time it dies, another one takes its place.
struct ChaosWorker {
    let index: Int
    let plan: ChaosPlan
    let caller: ChaosCaller
    let control: ChaosControl

    func run() async {
        await withDiscardingTaskGroup { silent in
            var number = 0
            var deaths = 0
            while !self.control.isStopped {
                let isCalm = self.control.isCalm
                let claim = self.plan.claim(worker: self.index, number: number)
                let name = "worker-\(self.index).\(deaths)"
                number += 1
                if claim.isCut, !isCalm {
                    await self.caller.askAndDie(.claim(claim, as: name), on: claim.instance)
                    deaths += 1
                    continue
                }
                guard case .shown(_, let claimed) = await self.caller.ask(.claim(claim, as: name), on: claim.instance)
                else {
                    try? await Task.sleep(for: .milliseconds(50))
                    continue
                }
                if claimed.isEmpty, !claim.waits { try? await Task.sleep(for: .milliseconds(20)) }
                for process in claimed {
                    let work = self.work(on: process, as: name, isCalm: isCalm)
                    let outcome = await work.run()
                    if outcome == .silent { silent.addTask { await work.comeBack() } }
                    guard outcome == .done else {
                        // What else it had claimed is left behind, too.
                        deaths += 1
                        break
                    }
                }
            }
        }
    }

    private func work(on process: Sighting, as name: String, isCalm: Bool) -> AttemptWork {
        AttemptWork(
            attempt: .init(id: process.id, number: process.attempt, worker: name),
            plan: AttemptPlan(
                self.plan, process: ProcessPlan.number(ofInput: process.input) ?? 0, attempt: process.attempt,
                isCalm: isCalm),
            caller: self.caller, control: self.control)
    }
}
