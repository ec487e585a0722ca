/// Histories of output that a judge has to refuse.
enum FaultyOutputs {
    private typealias Script = HistoryScript

    /// Histories that break one rule and no other, each with what is wrong in it.
    static func breaking(_ rule: ChaosRule) -> [String: HistoryScript] {
        switch rule {
        case .lostOutput:
            [
                "acknowledged, and nothing is there": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .appended(1...1))
                    $0.output([])
                },
                "acknowledged, and the last of it is missing": Script(after: .claimed) {
                    $0.append(1, ["x"], .appended(1...1))
                    $0.append(1, ["y"], .appended(2...2))
                    $0.output(["x"])
                },
                "acknowledged, and something else is there": Script(after: .claimed) {
                    $0.append(1, ["x"], .lost("killed"))
                    $0.append(1, ["y"], .appended(1...1))
                    $0.output(["x"])
                },
                "shown, and not there any more": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .lost("killed"))
                    $0.output(["x"])
                    $0.output([])
                },
            ]
        case .brokenIndexes:
            [
                "a hole": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .appended(1...1))
                    $0.append(1, ["y"], at: 3, .lost("killed"))
                    $0.output([Script.chunk(1, "x"), Script.chunk(3, "y")], last: 3)
                },
                "not in their order": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .appended(1...1))
                    $0.append(1, ["y"], at: 2, .appended(2...2))
                    $0.output([Script.chunk(2, "y"), Script.chunk(1, "x")], last: 2)
                },
                "one index twice": Script(after: .claimed) {
                    $0.append(1, ["x"], .lost("killed"))
                    $0.append(1, ["y"], .lost("killed"))
                    $0.output([Script.chunk(1, "x"), Script.chunk(1, "y")], last: 1)
                },
                "fewer are kept": Script(after: .claimed) {
                    $0.append(1, ["x"], .lost("killed"))
                    $0.append(1, ["y"], .appended(2...2))
                    $0.output([Script.chunk(2, "y")], last: 2)
                },
                "more are kept": Script(after: .claimed) {
                    $0.append(1, ["w", "x", "y", "z"], at: 1, .appended(1...4))
                    $0.output(["w", "x", "y", "z"])
                },
                "an index for nothing": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .appended(1...1))
                    $0.output([Script.chunk(1, "x")], last: 2)
                },
            ]
        case .foreignOutput:
            [
                "nobody sent it": Script(after: .claimed) { $0.output(["x"]) },
                "it was refused": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .lost("killed"))
                    $0.append(1, ["y"], at: 1, .refused(status: 409, code: "index_conflict", nil))
                    $0.output(["y"])
                },
                "it did not happen": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .undone("the store cannot be reached, so nothing was appended"))
                    $0.output(["x"])
                },
                "it was there before it was sent": Script(after: .claimed) {
                    $0.output(["x"])
                    $0.append(1, ["x"], at: 1, .appended(1...1))
                },
                "another type": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .lost("killed"))
                    $0.output([OutputSighting.Chunk(index: 1, type: "other", data: "x")], last: 1)
                },
            ]
        case .misplacedOutput:
            [
                "under another index": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .lost("killed"))
                    $0.append(1, ["y"], at: 2, .lost("killed"))
                    $0.output(["y"])
                },
                "under its index, and under the next one": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .appended(1...1))
                    $0.output(["x", "x"])
                },
            ]
        case .repeatedOutput:
            [
                "sent once, and there twice": Script(after: .claimed) {
                    $0.append(1, ["x"], .appended(1...1))
                    $0.output(["x", "x"])
                },
                "sent again only later": Script(after: .claimed) {
                    $0.append(1, ["x"], .lost("killed"))
                    $0.output(["x", "x"])
                    $0.append(1, ["x"], .lost("killed"))
                },
                "sent again where nobody was": Script(after: .claimed) {
                    $0.append(1, ["x"], .lost("killed"))
                    $0.append(1, ["x"], .undone("the store cannot be reached, so nothing was appended"))
                    $0.output(["x", "x"])
                },
            ]
        case .tornOutput:
            [
                "only the beginning": Script(after: .claimed) {
                    $0.append(1, ["x", "y"], at: 1, .lost("killed"))
                    $0.output(["x"])
                },
                "only the end": Script(after: .claimed) {
                    $0.append(1, ["x", "y"], .lost("killed"))
                    $0.append(1, ["z"], .lost("killed"))
                    $0.output(["z", "y"])
                },
                "only the end, where nothing can be gone": Script(after: .claimed) {
                    $0.append(1, ["x", "y"], .lost("killed"))
                    $0.output(["y"])
                },
                "the other way around": Script(after: .claimed) {
                    $0.append(1, ["x", "y"], .lost("killed"))
                    $0.output(["y", "x"])
                },
                "with another in between": Script(after: .claimed) {
                    $0.append(1, ["x", "y"], .lost("killed"))
                    $0.append(1, ["z"], .lost("killed"))
                    $0.output(["x", "z", "y"])
                },
            ]
        case .outputOrder:
            [
                "acknowledged the other way around": Script(after: .claimed) {
                    $0.append(1, ["x"], .appended(2...2))
                    $0.append(1, ["y"], .appended(1...1))
                    $0.output(["y", "x"])
                },
                "sent later, and before what was acknowledged": Script(after: .claimed) {
                    $0.append(1, ["x"], .appended(2...2))
                    $0.append(1, ["y"], .lost("killed"))
                    $0.output(["y", "x"])
                },
            ]
        case .lateOutput:
            [
                "behind the output of a later attempt": Script(after: .claimed) {
                    $0.append(1, ["x"], .lost("killed"))
                    $0.wait(.seconds(2))
                    $0.read(Script.expiredProcess)
                    $0.claim(2, 4)
                    $0.append(2, ["y"], .appended(1...1))
                    $0.output(["y", "x"])
                },
                "sent after the attempt was given up on": Script(after: .expired) {
                    $0.append(1, ["x"], at: 1, .lost("killed"))
                    $0.output(["x"])
                },
                "sent after the end": Script(after: .completed) {
                    $0.append(1, ["x"], at: 1, .lost("killed"))
                    $0.output(["x"])
                },
                "acknowledged after the end": Script(after: .completed) {
                    $0.append(1, ["x"], at: 1, .appended(1...1))
                },
            ]
        case .wrongRestart:
            Self.wrongRestarts
        case .wrongAnswer:
            [
                "appended under another index": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .appended(2...2))
                },
                "more is appended than was sent": Script(after: .claimed) { $0.append(1, ["x"], .appended(1...2)) },
            ]
        case .unfoundedRefusal:
            [
                "sent again, and not known any more": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .appended(1...1))
                    $0.append(1, ["y"], at: 1, .lost("killed"))
                    $0.append(1, ["x"], at: 1, .refused(status: 409, code: "index_conflict", nil))
                },
                "sent again after the end, and not known any more": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .appended(1...1))
                    $0.add(.complete(Script.attempt(1), result: "r1"), Script.completedProcess(3))
                    $0.refuse(
                        .append(Script.attempt(1), ["x"], at: 1), "already_finished", Script.completedProcess(3))
                },
                "another index, though nothing else was sent": Script(after: .claimed) {
                    $0.append(1, ["x"], at: 1, .refused(status: 409, code: "index_conflict", nil))
                },
                "another index, though none was named": Script(after: .claimed) {
                    $0.append(1, ["x"], .refused(status: 409, code: "index_conflict", nil))
                },
            ]
        default: [:]
        }
    }

    private static let wrongRestarts: [String: HistoryScript] = [
        "none between two attempts": Script(after: secondAttempt) {
            $0.append(2, ["y"], .appended(2...2))
            $0.output(["x", "y"])
        },
        "another attempt's": Script(after: secondAttempt) {
            $0.append(2, ["y"], .appended(3...3))
            $0.output(["x", "restart 3", "y"])
        },
        "with nothing behind it": Script(after: secondAttempt) { $0.output(["x", "restart 2"]) },
        "with nothing before it": Script(after: .expired) {
            $0.claim(2, 4)
            $0.append(2, ["y"], .appended(2...2))
            $0.output(["restart 2", "y"])
        },
        "in the middle of an attempt": Script(after: .claimed) {
            $0.append(1, ["x"], .appended(1...1))
            $0.append(1, ["y"], .appended(3...3))
            $0.output(["x", "restart 1", "y"])
        },
        "twice": Script(after: .expired) {
            $0.claim(2, 4)
            $0.append(2, ["y"], .appended(4...4))
            $0.output(["restart 2", "restart 2", "y"], last: 4)
        },
    ]

    /// The first attempt put something out, and was given up on; the second has begun.
    private static var secondAttempt: HistoryScript {
        var script = HistoryScript(after: .claimed) { $0.append(1, ["x"], .appended(1...1)) }
        script.wait(.seconds(2))
        script.read(Script.expiredProcess)
        script.claim(2, 4)
        return script
    }
}
