import ProcessCore

/// Histories of output that keep every rule, though some look as if they did not.
enum FaultlessOutputs {
    private typealias Script = HistoryScript

    /// Each with what there is in it.
    static let all: [String: HistoryScript] = [
        "nobody put out anything": Script(after: .claimed) { $0.output([]) },
        "an append without an answer had its effect, and so is sent again": Script(after: .claimed) {
            $0.append(1, ["x", "y"], at: 1, .lost("killed"))
            $0.output(["x", "y"])
            $0.append(1, ["x", "y"], at: 1, .appended(1...2))
            $0.output(["x", "y"])
        },
        "an append without an answer had none": Script(after: .claimed) {
            $0.append(1, ["x"], at: 1, .lost("killed"))
            $0.output([])
        },
        "an append was acknowledged while the output was read": Script(after: .claimed) {
            $0.output([])
            $0.append(1, ["x"], .appended(1...1), overlapping: true)
        },
        "what names no index stands there as often as it was sent, also behind what was sent later": Script(
            after: .claimed
        ) {
            $0.append(1, ["x"], .lost("killed"))
            $0.append(1, ["x"], .appended(1...1))
            $0.append(1, ["y"], .appended(2...2))
            $0.output(["x", "y", "x"])
        },
        "what is not kept any more, and half an append of it": Script(after: .claimed) {
            $0.append(1, ["w", "x"], at: 1, .appended(1...2))
            $0.append(1, ["y", "z"], at: 3, .appended(3...4))
            $0.output(["x", "y", "z"], last: 4)
        },
        "an append that is not kept any more is refused when it is sent again": Script(after: .claimed) {
            $0.append(1, ["w", "x"], at: 1, .appended(1...2))
            $0.append(1, ["y", "z", "v"], at: 3, .appended(3...5))
            $0.append(1, ["other"], at: 1, .lost("killed"))
            $0.append(1, ["w", "x"], at: 1, .refused(status: 409, code: "index_conflict", nil))
            $0.output(["y", "z", "v"], last: 5)
        },
        "of two under one index one stands": Script(after: .claimed) {
            $0.append(1, ["x"], at: 1, .appended(1...1))
            $0.append(1, ["y"], at: 1, .refused(status: 409, code: "index_conflict", nil), overlapping: true)
            $0.output(["x"])
        },
        "an append is sent again after the end": Script(after: .claimed) {
            $0.append(1, ["x"], at: 1, .lost("killed"))
            $0.add(.complete(Script.attempt(1), result: "r1"), Script.completedProcess(3))
            $0.append(1, ["x"], at: 1, .appended(1...1))
            $0.refuse(.append(Script.attempt(1), ["y"], at: 2), "already_finished", Script.completedProcess(3))
            $0.output(["x"])
        },
        "two attempts": Script(after: .claimed) {
            $0.append(1, ["x"], at: 1, .appended(1...1))
            $0.wait(.seconds(2))
            $0.read(Script.expiredProcess)
            $0.claim(2, 4)
            $0.append(2, ["y"], at: 3, .appended(3...3))
            $0.refuse(
                .append(Script.attempt(1), ["late"], at: 2), "stale_attempt", Script.process(.running, 4, attempt: 2))
            $0.output(["x", "restart 2", "y"])
            $0.append(2, ["z"], at: 4, .appended(4...4))
            $0.output(["restart 2", "y", "z"], last: 4)
        },
        "an attempt without output before": Script(after: .expired) {
            $0.claim(2, 4)
            $0.append(2, ["x"], at: 1, .appended(1...1))
            $0.output(["x"])
        },
    ]
}
