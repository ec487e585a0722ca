import ProcessCore

/// Histories that keep every rule, though some look as if they did not.
enum FaultlessHistories {
    private typealias Script = HistoryScript

    /// Each with what there is in it.
    static let all: [String: HistoryScript] = [
        "completed": Script(after: .completed) { $0.survey(Script.completedProcess(3)) },
        "completed twice with the same result": Script(after: .completed) {
            $0.add(.complete(Script.attempt(1), result: "r1"), Script.completedProcess(3))
        },
        "another word after the end is refused": Script(after: .completed) {
            $0.refuse(.fail(Script.attempt(1), details: "d1"), "already_finished", Script.completedProcess(3))
        },
        "a late report is refused": Script(after: .expired) {
            $0.claim(2, 4)
            $0.refuse(
                .complete(Script.attempt(1), result: "r1"), "stale_attempt", Script.process(.running, 4, attempt: 2))
            $0.add(.complete(Script.attempt(2), result: "r2"), Script.completedProcess(5, attempt: 2))
        },
        "a report without an answer had its effect": Script(after: .claimed) {
            $0.add(.complete(Script.attempt(1), result: "r1"), .lost("killed"))
            $0.read(Script.completedProcess(3))
        },
        "a report without an answer had none": Script(after: .claimed) {
            $0.add(.complete(Script.attempt(1), result: "r1"), .lost("killed"))
            $0.wait(.seconds(2))
            $0.read(Script.expiredProcess)
        },
        "a retry without an answer had its effect": Script(after: .claimed) {
            $0.add(.fail(Script.attempt(1), details: "d1"), Script.failedProcess(3))
            $0.add(.retry(id: "a"), .lost("killed"))
            $0.read(Script.process(.pending, 4, attempt: 1))
        },
        "a retry was acknowledged": Script(after: .claimed) {
            $0.add(.fail(Script.attempt(1), details: "d1"), Script.failedProcess(3))
            $0.add(.retry(id: "a"), Script.process(.pending, 4, attempt: 1))
            $0.claim(2, 5)
        },
        "requests at the same time are answered in any order": Script(after: .completed) {
            $0.read(Script.process(.running, 2, attempt: 1), overlapping: true)
        },
        "a reader knows the newest already": Script(after: .completed) {
            $0.add(.read(id: "a", known: 3), .unchanged)
        },
        "a start is sent again": Script {
            $0.add(Script.start, .lost("killed"))
            $0.add(Script.start, Script.process(.pending, 1))
        },
        "a start that nobody can tell from another made two": Script {
            let start = ChaosOperation.Request.start(number: 1, id: nil, key: nil, input: Script.input)
            $0.add(start, .lost("killed"))
            $0.add(start, Script.process(.pending, 1), status: 202)
            $0.survey(Script.process(.cancelled, 2), Script.process(.cancelled, 2) { $0.id = "b" })
        },
        "a handler outside worked on it": Script {
            $0.add(.handle(Script.attempt(1), result: "r1"), .lost("it reports by itself"))
            $0.start()
            $0.read(Script.completedProcess(3))
        },
        "a cancel is asked for, and the worker confirms it": Script(after: .claimed) {
            $0.add(
                .cancel(id: "a", force: false), Script.process(.running, 3, attempt: 1) { $0.cancelRequested = true })
            $0.add(
                .confirmCancelled(Script.attempt(1)),
                Script.process(.cancelled, 4, attempt: 1) { $0.cancelRequested = true })
        },
    ]
}
