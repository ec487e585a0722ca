import ProcessCore
import Testing

/// The judge of chaos runs, judged: each rule refuses what breaks it, and nothing else is refused.
@Suite struct HistoryCheckerTests {
    private typealias Script = HistoryScript

    private static func rules(_ script: HistoryScript) -> Set<ChaosRule> {
        Set(HistoryChecker(script.operations).violations().map(\.rule))
    }

    @Test("a history without a fault is accepted", arguments: Self.faultless.keys.sorted())
    func accepted(name: String) throws {
        let script = try #require(Self.faultless[name])
        #expect(HistoryChecker(script.operations).violations().isEmpty)
    }

    @Test("a history that breaks a rule is refused by that rule, and by no other", arguments: ChaosRule.allCases)
    func refused(rule: ChaosRule) {
        for (name, script) in Self.faulty(rule) {
            #expect(Self.rules(script) == [rule], "\(name)")
        }
        #expect(!Self.faulty(rule).isEmpty)
    }

    private static func script(_ begin: HistoryScript = HistoryScript(), _ more: (inout HistoryScript) -> Void)
        -> HistoryScript
    {
        var script = begin
        more(&script)
        return script
    }

    // MARK: What is accepted

    private static let faultless: [String: HistoryScript] = [
        "completed": Self.script(.completed) { $0.survey(Script.completedProcess(3)) },
        "completed twice with the same result": Self.script(.completed) {
            $0.add(.complete(Script.attempt(1), result: "r1"), Script.completedProcess(3))
        },
        "another word after the end is refused": Self.script(.completed) {
            $0.refuse(.fail(Script.attempt(1), details: "d1"), "already_finished", Script.completedProcess(3))
        },
        "a late report is refused": Self.script(.expired) {
            $0.claim(2, 4)
            $0.refuse(
                .complete(Script.attempt(1), result: "r1"), "stale_attempt", Script.process(.running, 4, attempt: 2))
            $0.add(.complete(Script.attempt(2), result: "r2"), Script.completedProcess(5, attempt: 2))
        },
        "a report without an answer had its effect": Self.script(.claimed) {
            $0.add(.complete(Script.attempt(1), result: "r1"), .lost("killed"))
            $0.read(Script.completedProcess(3))
        },
        "a report without an answer had none": Self.script(.claimed) {
            $0.add(.complete(Script.attempt(1), result: "r1"), .lost("killed"))
            $0.wait(.seconds(2))
            $0.read(Script.expiredProcess)
        },
        "a retry without an answer had its effect": Self.script(.claimed) {
            $0.add(.fail(Script.attempt(1), details: "d1"), Script.failedProcess(3))
            $0.add(.retry(id: "a"), .lost("killed"))
            $0.read(Script.process(.pending, 4, attempt: 1))
        },
        "a retry was acknowledged": Self.script(.claimed) {
            $0.add(.fail(Script.attempt(1), details: "d1"), Script.failedProcess(3))
            $0.add(.retry(id: "a"), Script.process(.pending, 4, attempt: 1))
            $0.claim(2, 5)
        },
        "requests at the same time are answered in any order": Self.script(.completed) {
            $0.read(Script.process(.running, 2, attempt: 1), overlapping: true)
        },
        "a reader knows the newest already": Self.script(.completed) {
            $0.add(.read(id: "a", known: 3), .unchanged)
        },
        "a start is sent again": Self.script {
            $0.add(Script.start, .lost("killed"))
            $0.add(Script.start, Script.process(.pending, 1))
        },
        "a start that nobody can tell from another made two": Self.script {
            let start = ChaosOperation.Request.start(number: 1, id: nil, key: nil, input: Script.input)
            $0.add(start, .lost("killed"))
            $0.add(start, Script.process(.pending, 1), status: 202)
            $0.survey(Script.process(.cancelled, 2), Script.process(.cancelled, 2) { $0.id = "b" })
        },
        "a handler outside worked on it": Self.script {
            $0.add(.handle(Script.attempt(1), result: "r1"), .lost("it reports by itself"))
            $0.start()
            $0.read(Script.completedProcess(3))
        },
        "a cancel is asked for, and the worker confirms it": Self.script(.claimed) {
            $0.add(
                .cancel(id: "a", force: false), Script.process(.running, 3, attempt: 1) { $0.cancelRequested = true })
            $0.add(
                .confirmCancelled(Script.attempt(1)),
                Script.process(.cancelled, 4, attempt: 1) { $0.cancelRequested = true })
        },
    ]

    // MARK: What is refused

    private static func faulty(_ rule: ChaosRule) -> [String: HistoryScript] {
        switch rule {
        case .unfinished:
            [
                "left running": Self.script(.claimed) { $0.survey(Script.process(.running, 2, attempt: 1)) },
                "left pending": Self.script {
                    $0.start(); $0.survey(Script.process(.pending, 1))
                },
            ]
        case .gone:
            [
                "not found any more": Self.script(.completed) {
                    $0.add(.read(id: "a", known: nil), .refused(status: 404, code: "process_not_found", nil))
                },
                "missing in the survey": Self.script(.completed) { $0.survey() },
            ]
        case .startedTwice:
            [
                "two processes under one key": Self.script {
                    let start = ChaosOperation.Request.start(number: 1, id: nil, key: "k", input: Script.input)
                    $0.add(start, Script.process(.pending, 1), status: 202)
                    $0.add(start, Script.process(.pending, 1) { $0.id = "b" }, status: 202)
                },
                "more processes than starts": Self.script {
                    let start = ChaosOperation.Request.start(number: 1, id: nil, key: nil, input: Script.input)
                    $0.add(start, Script.process(.pending, 1), status: 202)
                    $0.survey(Script.process(.cancelled, 2), Script.process(.cancelled, 2) { $0.id = "b" })
                },
                "a process of a start that did not happen": Self.script {
                    $0.add(Script.start, .undone("the store cannot be reached, so nothing was changed"))
                    $0.survey(Script.process(.cancelled, 2))
                },
            ]
        case .endReplaced:
            [
                "failed, then pending without a retry": Self.script(.claimed) {
                    $0.add(.fail(Script.attempt(1), details: "d1"), Script.failedProcess(3))
                    $0.read(Script.process(.pending, 4, attempt: 1))
                },
                "one retry for two ends": Self.script(.claimed) {
                    $0.add(.fail(Script.attempt(1), details: "d1"), Script.failedProcess(3))
                    $0.add(.retry(id: "a"), .lost("killed"))
                    $0.read(Script.process(.pending, 4, attempt: 1))
                    $0.read(Script.process(.cancelled, 5, attempt: 1))
                    $0.read(Script.process(.pending, 6, attempt: 1))
                },
                "a retry that was refused": Self.script(.claimed) {
                    $0.add(.fail(Script.attempt(1), details: "d1"), Script.failedProcess(3))
                    $0.refuse(.retry(id: "a"), "invalid_transition")
                    $0.read(Script.process(.pending, 4, attempt: 1))
                },
                "a retry that came later": Self.script(.claimed) {
                    $0.add(.fail(Script.attempt(1), details: "d1"), Script.failedProcess(3))
                    $0.read(Script.process(.pending, 4, attempt: 1))
                    $0.add(.retry(id: "a"), .lost("killed"))
                },
                "completed, then something else": Self.script(.completed) {
                    $0.add(.retry(id: "a"), .lost("killed"))
                    $0.read(Script.process(.pending, 5, attempt: 1))
                },
            ]
        case .heldTwice:
            [
                "one attempt claimed twice": Self.script(.claimed) {
                    $0.add(.claim(worker: "w1", queues: ["q"]), Script.process(.running, 3, attempt: 1))
                },
                "one attempt with two workers' names": Self.script(.claimed) {
                    $0.read(Script.process(.running, 3, attempt: 1) { $0.worker = "w9" })
                },
                "one attempt handled twice": Self.script {
                    $0.add(.handle(Script.attempt(1), result: "r1"), .lost("it reports by itself"))
                    $0.add(.handle(Script.attempt(1), result: "r1"), .lost("it reports by itself"))
                },
            ]
        case .staleEffect:
            [
                "acknowledged after the attempt was given up on": Self.script(.expired) {
                    $0.claim(2, 4)
                    $0.add(.confirmCancelled(Script.attempt(1)), Script.process(.cancelled, 5, attempt: 2))
                },
                "refused, but for another reason": Self.script(.expired) {
                    $0.claim(2, 4)
                    $0.add(.complete(Script.attempt(2), result: "r2"), Script.completedProcess(5, attempt: 2))
                    $0.refuse(
                        .complete(Script.attempt(1), result: "r1"), "already_finished",
                        Script.completedProcess(5, attempt: 2))
                },
            ]
        case .foreignPayload:
            [
                "a result that nobody reported": Self.script(.claimed) {
                    $0.read(Script.completedProcess(3, result: "other"))
                },
                "the result of an earlier attempt": Self.script(.expired) {
                    $0.claim(2, 4)
                    $0.add(.complete(Script.attempt(1), result: "r1"), .lost("killed"))
                    $0.read(Script.completedProcess(5, attempt: 2, result: "r1"))
                },
                "a result that was refused": Self.script(.claimed) {
                    $0.refuse(.complete(Script.attempt(1), result: "r1"), "stale_attempt", Script.expiredProcess)
                    $0.read(Script.completedProcess(5))
                },
                "a result before it was reported": Self.script(.claimed) {
                    $0.read(Script.completedProcess(3))
                    $0.add(.complete(Script.attempt(1), result: "r1"), .lost("killed"))
                },
                "no result": Self.script(.claimed) {
                    $0.add(.complete(Script.attempt(1), result: "r1"), .lost("killed"))
                    $0.read(Script.process(.completed, 3, attempt: 1))
                },
                "a failure that nobody reported": Self.script(.claimed) { $0.read(Script.failedProcess(3)) },
                "a message that nobody sent": Self.script(.claimed) {
                    $0.read(Script.process(.running, 3, attempt: 1) { $0.message = "m1" })
                },
                "another input": Self.script(.claimed) {
                    $0.read(Script.process(.running, 3, attempt: 1) { $0.input = #"{"number":2}"# })
                },
            ]
        case .wrongAnswer:
            [
                "a start shows another input": Self.script {
                    $0.add(Script.start, Script.process(.pending, 1) { $0.input = "other" }, status: 202)
                },
                "a claim gives what is not running": Self.script {
                    $0.start()
                    $0.add(.claim(worker: "w1", queues: ["q"]), Script.process(.cancelled, 2))
                },
                "a claim gives another queue's": Self.script {
                    $0.start()
                    $0.add(.claim(worker: "w1", queues: ["p"]), Script.process(.running, 2, attempt: 1))
                },
                "a progress report shows no message": Self.script(.claimed) {
                    $0.add(.progress(Script.attempt(1), message: "m1"), Script.process(.running, 3, attempt: 1))
                },
                "a completion shows a running process": Self.script(.claimed) {
                    $0.add(.complete(Script.attempt(1), result: "r1"), Script.process(.running, 3, attempt: 1))
                },
                "a failure shows no failure": Self.script(.claimed) {
                    $0.add(.fail(Script.attempt(1), details: "d1"), Script.process(.pending, 3, attempt: 1))
                },
                "a confirmed cancel shows a running process": Self.script(.claimed) {
                    $0.add(.confirmCancelled(Script.attempt(1)), Script.process(.running, 3, attempt: 1))
                },
                "a cancel asks for nothing": Self.script(.claimed) {
                    $0.add(.cancel(id: "a", force: false), Script.process(.running, 3, attempt: 1))
                },
                "a forced cancel only asks": Self.script(.claimed) {
                    $0.add(
                        .cancel(id: "a", force: true),
                        Script.process(.running, 3, attempt: 1) { $0.cancelRequested = true })
                },
                "a retry runs without being claimed": Self.script(.claimed) {
                    $0.read(Script.process(.cancelled, 3, attempt: 1))
                    $0.add(.retry(id: "a"), Script.process(.running, 4, attempt: 2))
                },
                "what a reader knows is shown again": Self.script(.claimed) {
                    $0.read(Script.process(.running, 2, attempt: 1), known: 2)
                },
            ]
        case .wentBack:
            [
                "an older revision": Self.script(.completed) { $0.read(Script.process(.running, 2, attempt: 1)) },
                "an older revision is said to be the newest": Self.script(.completed) {
                    $0.add(.read(id: "a", known: 2), .unchanged)
                },
                "an older revision is the reason of a refusal": Self.script(.completed) {
                    $0.refuse(.retry(id: "a"), "invalid_transition", Script.process(.running, 2, attempt: 1))
                },
            ]
        case .twoFaces:
            [
                "one revision, two statuses": Self.script(.claimed) {
                    $0.read(Script.process(.cancelled, 3, attempt: 1))
                    $0.read(Script.process(.running, 3, attempt: 1))
                },
                "one revision, two texts": Self.script(.completed) {
                    var process = Script.completedProcess(3)
                    process.text = 7
                    $0.read(process)
                },
                "one revision, and a refusal that knows it otherwise": Self.script(.completed) {
                    $0.refuse(.retry(id: "a"), "invalid_transition", Script.process(.running, 3, attempt: 1))
                },
            ]
        case .sharedRevision:
            [
                "two reports made one revision": Self.script(.claimed) {
                    let process = Script.process(.running, 3, attempt: 1) { $0.message = "m1" }
                    $0.add(.progress(Script.attempt(1), message: "m1"), process)
                    $0.add(.progress(Script.attempt(1), message: "m1"), process, overlapping: true)
                }
            ]
        case .impossibleStep:
            [
                "pending, then completed": Self.script {
                    $0.start()
                    $0.add(.complete(Script.attempt(0), result: "r1"), .lost("killed"))
                    $0.read(Script.completedProcess(2, attempt: 0, result: "r1"))
                },
                "an attempt is skipped": Self.script {
                    $0.start()
                    $0.claim(2, 2)
                },
                "an attempt comes back": Self.script {
                    $0.start()
                    $0.read(Script.process(.running, 5, attempt: 2))
                    $0.read(Script.process(.running, 9, attempt: 1))
                },
                "tried again though it was to be cancelled": Self.script(.claimed) {
                    $0.read(Script.process(.running, 3, attempt: 1) { $0.cancelRequested = true })
                    $0.read(Script.process(.pending, 4, attempt: 1))
                },
                "a wish to cancel is forgotten": Self.script(.claimed) {
                    $0.read(Script.process(.running, 3, attempt: 1) { $0.cancelRequested = true })
                    $0.read(Script.process(.running, 4, attempt: 1))
                },
            ]
        case .unfoundedRefusal:
            [
                "stale, though it is the attempt": Self.script(.claimed) {
                    $0.refuse(
                        .complete(Script.attempt(1), result: "r1"), "stale_attempt",
                        Script.process(.running, 2, attempt: 1))
                },
                "finished, though it runs": Self.script(.claimed) {
                    $0.refuse(
                        .complete(Script.attempt(1), result: "r1"), "already_finished",
                        Script.process(.running, 2, attempt: 1))
                },
                "the same result again": Self.script(.completed) {
                    $0.refuse(
                        .complete(Script.attempt(1), result: "r1"), "already_finished", Script.completedProcess(3))
                },
            ]
        case .earlyExpiry:
            [
                "right after the claim": Self.script(.claimed) { $0.read(Script.expiredProcess) },
                "a report did not renew it": Self.script(.claimed) {
                    $0.wait(.milliseconds(900))
                    $0.add(
                        .progress(Script.attempt(1), message: "m1"),
                        Script.process(.running, 3, attempt: 1) { $0.message = "m1" })
                    $0.wait(.milliseconds(200))
                    $0.read(Script.process(.pending, 4, attempt: 1) { $0.errorCode = "lease_expired" })
                },
            ]
        case .unexpectedAnswer:
            [
                "a bug": Self.script(.claimed) {
                    $0.add(.read(id: "a", known: nil), .refused(status: 500, code: "internal", nil))
                },
                "a refusal that can't be": Self.script { $0.refuse(Script.start, "process_exists") },
            ]
        }
    }
}
