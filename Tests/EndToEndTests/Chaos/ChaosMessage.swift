import ProcessHTTP

/// A request of a chaos run, as it is written down and as it is sent.
struct ChaosMessage: Sendable {
    let request: ChaosOperation.Request
    var method = HTTPMethod.post
    let target: String
    var body: String? = "{}"
    var headers: [String: String] = [:]

    static func start(_ plan: ProcessPlan) -> ChaosMessage {
        let request = ChaosOperation.Request.start(
            number: plan.number, id: plan.naming.id, key: plan.naming.key, input: PayloadDigest.of(plan.input))
        return ChaosMessage(
            request: request, target: "/start", body: plan.body,
            headers: plan.naming.key.map { ["Idempotency-Key": $0] } ?? [:])
    }

    static func claim(_ claim: ChaosPlan.Claim, as worker: String) -> ChaosMessage {
        let queues = claim.queues.map { "\"\($0)\"" }.joined(separator: ",")
        return ChaosMessage(
            request: .claim(worker: worker, queues: Set(claim.queues)), target: "/claim",
            body: #"{"queues":[\#(queues)],"worker":"\#(worker)","limit":\#(claim.limit),"lease":"1500ms"}"#,
            headers: claim.waits ? ["Prefer": "wait=1"] : [:])
    }

    static func progress(_ attempt: ChaosOperation.Attempt, done: Int) -> ChaosMessage {
        let message = "\(attempt.worker), attempt \(attempt.number), part \(done)"
        return ChaosMessage(
            request: .progress(attempt, message: message), target: "/progress/\(attempt.id)",
            body: #"{"attempt":\#(attempt.number),"done":\#(done),"message":"\#(message)"}"#)
    }

    static func complete(_ attempt: ChaosOperation.Attempt, _ result: String) -> ChaosMessage {
        ChaosMessage(
            request: .complete(attempt, result: PayloadDigest.of(result)), target: "/complete/\(attempt.id)",
            body: #"{"attempt":\#(attempt.number),"result":\#(result)}"#)
    }

    static func fail(_ attempt: ChaosOperation.Attempt, _ details: String, mayRetry: Bool) -> ChaosMessage {
        let error = #"{"code":"\#(ProcessHistory.reportedCode)","message":"as planned","details":\#(details)}"#
        return ChaosMessage(
            request: .fail(attempt, details: PayloadDigest.of(details)), target: "/fail/\(attempt.id)",
            body: #"{"attempt":\#(attempt.number),"error":\#(error),"retry":\#(mayRetry)}"#)
    }

    static func confirmCancelled(_ attempt: ChaosOperation.Attempt) -> ChaosMessage {
        ChaosMessage(
            request: .confirmCancelled(attempt), target: "/cancelled/\(attempt.id)",
            body: #"{"attempt":\#(attempt.number)}"#)
    }

    static func append(_ attempt: ChaosOperation.Attempt, _ parts: [String], at index: Int?) -> ChaosMessage {
        let chunks = parts.enumerated().map { place, part in
            let index = index.map { #""index":\#($0 + place),"# } ?? ""
            return #"{\#(index)"type":"\#(OutputSighting.Chunk.partType)","data":\#(part)}"#
        }
        return ChaosMessage(
            request: .append(attempt, parts.map { PayloadDigest.of($0) }, at: index),
            target: "/stream/\(attempt.id)?attempt=\(attempt.number)",
            body: chunks.count == 1 ? chunks[0] : "[\(chunks.joined(separator: ","))]")
    }

    static func readOutput(_ id: String) -> ChaosMessage {
        ChaosMessage(
            request: .readOutput(id: id, kept: OutputPlan.keptChunks), method: .get,
            target: "/stream/\(id)?limit=1000", body: nil, headers: ["Accept": "application/json"])
    }

    static func cancel(_ id: String, force: Bool) -> ChaosMessage {
        ChaosMessage(request: .cancel(id: id, force: force), target: "/cancel/\(id)\(force ? "?force=true" : "")")
    }

    static func retry(_ id: String) -> ChaosMessage {
        ChaosMessage(request: .retry(id: id), target: "/retry/\(id)")
    }

    /// Where it waits, the answer comes with a change, or with the end where nothing is known yet.
    static func read(_ id: String, known: Int?, waits: Bool) -> ChaosMessage {
        var headers = known.map { ["If-None-Match": "\"\($0)\""] } ?? [:]
        if waits { headers["Prefer"] = "wait=1" }
        return ChaosMessage(
            request: .read(id: id, known: known), method: .get, target: "/status/\(id)", body: nil, headers: headers)
    }
}
