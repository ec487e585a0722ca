internal import ProcessCore
internal import ProcessHTTP

/// An answer that says no: a problem document, or what another server in between answered.
struct TrackerProblem: Equatable, Sendable {
    /// The status.
    var status: Int
    /// The stable code; empty where the answer is no problem document of ours.
    var code: String
    /// What is wrong, as a sentence.
    var detail: String

    /// Reads an answer whose status is no success.
    init(_ response: HTTPResponse) {
        var fields = (try? JSONObject(parsing: response.body)) ?? JSONObject()
        self.status = response.status.code
        self.code = (try? fields.takeString("code")) ?? ""
        let detail = (try? fields.takeString("detail")) ?? (try? fields.takeString("title"))
        self.detail = DisplayText.escaping(detail ?? "the answer was \(response.status.code) \(response.status.reason)")
    }

    /// Whether the same request may succeed later.
    var isTemporary: Bool { self.status >= 500 || self.status == 429 || self.status == 408 }

    /// Whether it says that a report comes too late, or from somebody else than who has the process now.
    var isTooLate: Bool { self.status == 409 || self.status == 410 || self.status == 404 }

    /// One sentence without a full stop: "the process is finished already (already_finished)".
    var sentence: String {
        var text = self.detail
        if text.hasSuffix(".") { text.removeLast() }
        return self.code.isEmpty ? text : "\(text) (\(self.code))"
    }
}

/// Why the tracker did not do what it was asked.
enum TrackerFailure: Error, Equatable, Sendable {
    /// No answer came.
    case unreachable(String, wasPossiblySent: Bool)
    /// It said no.
    case refused(TrackerProblem)
    /// It answered something that is no answer of a tracker.
    case unintelligible(String)

    /// The reason as part of a sentence.
    var reason: String {
        switch self {
        case .unreachable(let reason, _): reason
        case .refused(let problem): problem.sentence
        case .unintelligible(let reason): reason
        }
    }

    /// The error of a command that cannot go on without an answer.
    func commandError(at address: String) -> CommandError {
        switch self {
        // Somebody is there who took the request: another tracker would not help.
        case .unreachable(let reason, wasPossiblySent: true):
            .failed(
                "the tracker at \(address) took the request and gave no answer: \(reason). It may be busy: try again, or look "
                    + "at its log")
        case .unreachable(let reason, wasPossiblySent: false):
            .failed(
                "no tracker answers at \(address): \(reason). Start one with `process-tracker serve`, or say where it is with "
                    + "--url or TRACKER_URL")
        case .refused(let problem): .failed(problem.sentence)
        case .unintelligible(let reason): .failed("what answers at \(address) is no process-tracker: \(reason)")
        }
    }
}
