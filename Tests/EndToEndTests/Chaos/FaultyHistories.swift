import ProcessCore

/// Histories that a judge has to refuse; those about output are ``FaultyOutputs``.
enum FaultyHistories {
    private typealias Script = HistoryScript

    /// Histories that break one rule and no other, each with what is wrong in it.
    static func breaking(_ rule: ChaosRule) -> [String: HistoryScript] {
        switch rule {
        case .unfinished:
            [
                "left running": Script(after: .claimed) { $0.survey(Script.process(.running, 2, attempt: 1)) },
                "left pending": Script {
                    $0.start(); $0.survey(Script.process(.pending, 1))
                },
            ]
        case .gone:
            [
                "not found any more": Script(after: .completed) {
                    $0.add(.read(id: "a", known: nil), .refused(status: 404, code: "process_not_found", nil))
                },
                "missing in the survey": Script(after: .completed) { $0.survey() },
            ]
        case .startedTwice:
            [
                "two processes under one key": Script {
                    let start = ChaosOperation.Request.start(number: 1, id: nil, key: "k", input: Script.input)
                    $0.add(start, Script.process(.pending, 1), status: 202)
                    $0.add(start, Script.process(.pending, 1) { $0.id = "b" }, status: 202)
                },
                "more processes than starts": Script {
                    let start = ChaosOperation.Request.start(number: 1, id: nil, key: nil, input: Script.input)
                    $0.add(start, Script.process(.pending, 1), status: 202)
                    $0.survey(Script.process(.cancelled, 2), Script.process(.cancelled, 2) { $0.id = "b" })
                },
                "a process of a start that did not happen": Script {
                    $0.add(Script.start, .undone("the store cannot be reached, so nothing was changed"))
                    $0.survey(Script.process(.cancelled, 2))
                },
            ]
        case .endReplaced:
            [
                "failed, then pending without a retry": Script(after: .claimed) {
                    $0.add(.fail(Script.attempt(1), details: "d1"), Script.failedProcess(3))
                    $0.read(Script.process(.pending, 4, attempt: 1))
                },
                "one retry for two ends": Script(after: .claimed) {
                    $0.add(.fail(Script.attempt(1), details: "d1"), Script.failedProcess(3))
                    $0.add(.retry(id: "a"), .lost("killed"))
                    $0.read(Script.process(.pending, 4, attempt: 1))
                    $0.read(Script.process(.cancelled, 5, attempt: 1))
                    $0.read(Script.process(.pending, 6, attempt: 1))
                },
                "a retry that was refused": Script(after: .claimed) {
                    $0.add(.fail(Script.attempt(1), details: "d1"), Script.failedProcess(3))
                    $0.refuse(.retry(id: "a"), "invalid_transition")
                    $0.read(Script.process(.pending, 4, attempt: 1))
                },
                "a retry that came later": Script(after: .claimed) {
                    $0.add(.fail(Script.attempt(1), details: "d1"), Script.failedProcess(3))
                    $0.read(Script.process(.pending, 4, attempt: 1))
                    $0.add(.retry(id: "a"), .lost("killed"))
                },
                "completed, then something else": Script(after: .completed) {
                    $0.add(.retry(id: "a"), .lost("killed"))
                    $0.read(Script.process(.pending, 5, attempt: 1))
                },
            ]
        case .heldTwice:
            [
                "one attempt claimed twice": Script(after: .claimed) {
                    $0.add(.claim(worker: "w1", queues: ["q"]), Script.process(.running, 3, attempt: 1))
                },
                "one attempt with two workers' names": Script(after: .claimed) {
                    $0.read(Script.process(.running, 3, attempt: 1) { $0.worker = "w9" })
                },
                "one attempt handled twice": Script {
                    $0.add(.handle(Script.attempt(1), result: "r1"), .lost("it reports by itself"))
                    $0.add(.handle(Script.attempt(1), result: "r1"), .lost("it reports by itself"))
                },
            ]
        case .staleEffect:
            [
                "acknowledged after the attempt was given up on": Script(after: .expired) {
                    $0.claim(2, 4)
                    $0.add(.confirmCancelled(Script.attempt(1)), Script.process(.cancelled, 5, attempt: 2))
                },
                "refused, but for another reason": Script(after: .expired) {
                    $0.claim(2, 4)
                    $0.add(.complete(Script.attempt(2), result: "r2"), Script.completedProcess(5, attempt: 2))
                    $0.refuse(
                        .complete(Script.attempt(1), result: "r1"), "already_finished",
                        Script.completedProcess(5, attempt: 2))
                },
            ]
        case .foreignPayload:
            [
                "a result that nobody reported": Script(after: .claimed) {
                    $0.read(Script.completedProcess(3, result: "other"))
                },
                "the result of an earlier attempt": Script(after: .expired) {
                    $0.claim(2, 4)
                    $0.add(.complete(Script.attempt(1), result: "r1"), .lost("killed"))
                    $0.read(Script.completedProcess(5, attempt: 2, result: "r1"))
                },
                "a result that was refused": Script(after: .claimed) {
                    $0.refuse(.complete(Script.attempt(1), result: "r1"), "stale_attempt", Script.expiredProcess)
                    $0.read(Script.completedProcess(5))
                },
                "a result before it was reported": Script(after: .claimed) {
                    $0.read(Script.completedProcess(3))
                    $0.add(.complete(Script.attempt(1), result: "r1"), .lost("killed"))
                },
                "no result": Script(after: .claimed) {
                    $0.add(.complete(Script.attempt(1), result: "r1"), .lost("killed"))
                    $0.read(Script.process(.completed, 3, attempt: 1))
                },
                "a failure that nobody reported": Script(after: .claimed) { $0.read(Script.failedProcess(3)) },
                "a message that nobody sent": Script(after: .claimed) {
                    $0.read(Script.process(.running, 3, attempt: 1) { $0.message = "m1" })
                },
                "another input": Script(after: .claimed) {
                    $0.read(Script.process(.running, 3, attempt: 1) { $0.input = #"{"number":2}"# })
                },
            ]
        case .wrongAnswer:
            [
                "a start shows another input": Script {
                    $0.add(Script.start, Script.process(.pending, 1) { $0.input = "other" }, status: 202)
                },
                "a claim gives what is not running": Script {
                    $0.start()
                    $0.add(.claim(worker: "w1", queues: ["q"]), Script.process(.cancelled, 2))
                },
                "a claim gives another queue's": Script {
                    $0.start()
                    $0.add(.claim(worker: "w1", queues: ["p"]), Script.process(.running, 2, attempt: 1))
                },
                "a progress report shows no message": Script(after: .claimed) {
                    $0.add(.progress(Script.attempt(1), message: "m1"), Script.process(.running, 3, attempt: 1))
                },
                "a completion shows a running process": Script(after: .claimed) {
                    $0.add(.complete(Script.attempt(1), result: "r1"), Script.process(.running, 3, attempt: 1))
                },
                "a failure shows no failure": Script(after: .claimed) {
                    $0.add(.fail(Script.attempt(1), details: "d1"), Script.process(.pending, 3, attempt: 1))
                },
                "a confirmed cancel shows a running process": Script(after: .claimed) {
                    $0.add(.confirmCancelled(Script.attempt(1)), Script.process(.running, 3, attempt: 1))
                },
                "a cancel asks for nothing": Script(after: .claimed) {
                    $0.add(.cancel(id: "a", force: false), Script.process(.running, 3, attempt: 1))
                },
                "a forced cancel only asks": Script(after: .claimed) {
                    $0.add(
                        .cancel(id: "a", force: true),
                        Script.process(.running, 3, attempt: 1) { $0.cancelRequested = true })
                },
                "a retry runs without being claimed": Script(after: .claimed) {
                    $0.read(Script.process(.cancelled, 3, attempt: 1))
                    $0.add(.retry(id: "a"), Script.process(.running, 4, attempt: 2))
                },
                "what a reader knows is shown again": Script(after: .claimed) {
                    $0.read(Script.process(.running, 2, attempt: 1), known: 2)
                },
            ]
        case .wentBack:
            [
                "an older revision": Script(after: .completed) { $0.read(Script.process(.running, 2, attempt: 1)) },
                "an older revision is said to be the newest": Script(after: .completed) {
                    $0.add(.read(id: "a", known: 2), .unchanged)
                },
                "an older revision is the reason of a refusal": Script(after: .completed) {
                    $0.refuse(.retry(id: "a"), "invalid_transition", Script.process(.running, 2, attempt: 1))
                },
            ]
        case .twoFaces:
            [
                "one revision, two statuses": Script(after: .claimed) {
                    $0.read(Script.process(.cancelled, 3, attempt: 1))
                    $0.read(Script.process(.running, 3, attempt: 1))
                },
                "one revision, two texts": Script(after: .completed) {
                    var process = Script.completedProcess(3)
                    process.text = 7
                    $0.read(process)
                },
                "one revision, and a refusal that knows it otherwise": Script(after: .completed) {
                    $0.refuse(.retry(id: "a"), "invalid_transition", Script.process(.running, 3, attempt: 1))
                },
            ]
        case .sharedRevision:
            [
                "two reports made one revision": Script(after: .claimed) {
                    let process = Script.process(.running, 3, attempt: 1) { $0.message = "m1" }
                    $0.add(.progress(Script.attempt(1), message: "m1"), process)
                    $0.add(.progress(Script.attempt(1), message: "m1"), process, overlapping: true)
                }
            ]
        case .impossibleStep:
            [
                "pending, then completed": Script {
                    $0.start()
                    $0.add(.complete(Script.attempt(0), result: "r1"), .lost("killed"))
                    $0.read(Script.completedProcess(2, attempt: 0, result: "r1"))
                },
                "an attempt is skipped": Script {
                    $0.start()
                    $0.claim(2, 2)
                },
                "an attempt comes back": Script {
                    $0.start()
                    $0.read(Script.process(.running, 5, attempt: 2))
                    $0.read(Script.process(.running, 9, attempt: 1))
                },
                "tried again though it was to be cancelled": Script(after: .claimed) {
                    $0.read(Script.process(.running, 3, attempt: 1) { $0.cancelRequested = true })
                    $0.read(Script.process(.pending, 4, attempt: 1))
                },
                "a wish to cancel is forgotten": Script(after: .claimed) {
                    $0.read(Script.process(.running, 3, attempt: 1) { $0.cancelRequested = true })
                    $0.read(Script.process(.running, 4, attempt: 1))
                },
            ]
        case .unfoundedRefusal:
            [
                "stale, though it is the attempt": Script(after: .claimed) {
                    $0.refuse(
                        .complete(Script.attempt(1), result: "r1"), "stale_attempt",
                        Script.process(.running, 2, attempt: 1))
                },
                "finished, though it runs": Script(after: .claimed) {
                    $0.refuse(
                        .complete(Script.attempt(1), result: "r1"), "already_finished",
                        Script.process(.running, 2, attempt: 1))
                },
                "the same result again": Script(after: .completed) {
                    $0.refuse(
                        .complete(Script.attempt(1), result: "r1"), "already_finished", Script.completedProcess(3))
                },
            ]
        case .earlyExpiry:
            [
                "right after the claim": Script(after: .claimed) { $0.read(Script.expiredProcess) },
                "a report did not renew it": Script(after: .claimed) {
                    $0.wait(.milliseconds(900))
                    $0.add(
                        .progress(Script.attempt(1), message: "m1"),
                        Script.process(.running, 3, attempt: 1) { $0.message = "m1" })
                    $0.wait(.milliseconds(200))
                    $0.read(Script.process(.pending, 4, attempt: 1) { $0.errorCode = "lease_expired" })
                },
            ]
        case .lostOutput, .brokenIndexes, .foreignOutput, .misplacedOutput, .repeatedOutput, .tornOutput,
            .outputOrder, .lateOutput, .wrongRestart:
            [:]
        case .unexpectedAnswer:
            [
                "a bug": Script(after: .claimed) {
                    $0.add(.read(id: "a", known: nil), .refused(status: 500, code: "internal", nil))
                },
                "a refusal that can't be": Script { $0.refuse(Script.start, "process_exists") },
            ]
        }
    }
}
