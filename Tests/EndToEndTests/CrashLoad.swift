import HTTPTransport
import ProcessHTTP
import Synchronization
import Testing

/// Connections that start, report and end processes as fast as they are answered, and remember each answer.
///
/// What was acknowledged has to be there after any crash; what got no answer may be there or not, but whole.
final class CrashLoad: Sendable {
    /// What was acknowledged of one process.
    struct Acknowledged {
        var done = 0
        var end: String?
    }

    /// A request that got no answer.
    struct Unanswered {
        let target: String
        let body: String
    }

    private struct State {
        var count = 0
        var processes: [String: Acknowledged] = [:]
        var unanswered: [Unanswered] = []
        var unexpected: [String] = []
    }

    private static let connections = 16
    private let state = Mutex(State())

    var acknowledged: [String: Acknowledged] { self.state.withLock { $0.processes } }
    var count: Int { self.state.withLock { $0.count } }

    /// Loads a tracker until a number of answers has come in this round, or there are no more answers.
    ///
    /// - Parameters:
    ///   - address: Where it serves.
    ///   - round: Makes the ids of this round different from the others'.
    ///   - limit: How many answers.
    ///   - event: After which answer something happens, and what.
    func run(
        on address: HostPort, round: Int, limit: Int = .max, event: (after: Int, happen: @Sendable () -> Void)? = nil
    ) async {
        let start = self.count
        await withTaskGroup { group in
            for connection in 0..<Self.connections {
                group.addTask {
                    let client = TrackerConnection(to: address)
                    var number = 0
                    while self.count - start < limit, !Task.isCancelled {
                        let id = "\(round).\(connection).\(number)"
                        number += 1
                        let goesOn = await self.live(id, number, connection, client) { count in
                            if let event, count - start == event.after { event.happen() }
                        }
                        if !goesOn { break }
                    }
                }
            }
        }
    }

    /// One process's life.
    ///
    /// - Returns: False where there was no answer: the tracker is gone.
    private func live(
        _ id: String, _ number: Int, _ connection: Int, _ client: TrackerConnection,
        _ tell: @Sendable (Int) -> Void
    ) async -> Bool {
        func send(_ target: String, _ body: String, _ change: (inout Acknowledged) -> Void) async -> Outcome {
            await self.send(target, body, id, client, tell, change)
        }
        switch await send("/start", Self.startBody(id), { _ in }) {
        case .acknowledged: break
        case .unavailable: return true
        case .gone: return false
        }
        if connection == 0 {
            let cancelled = await send("/cancel/\(id)?force=true", #"{"reason":"load"}"#) { $0.end = "cancelled" }
            guard cancelled != .gone else { return false }
            guard number % 8 == 0 else { return true }
            return (try? await client.delete("/cleanup?older_than=0&status=cancelled")) != nil
        }
        for done in [number % 50 + 1, number % 50 + 51] {
            let body = #"{"done":\#(done),"total":100,"message":"page \#(done)"}"#
            guard await send("/progress/\(id)", body, { $0.done = done }) != .gone else { return false }
        }
        switch number % 4 {
        case 0: return true  // goes on running for ever
        case 1: return await send("/fail/\(id)", Self.failBody(id)) { $0.end = "failed" } != .gone
        default: return await send("/complete/\(id)", Self.completeBody(id)) { $0.end = "completed" } != .gone
        }
    }

    private enum Outcome {
        case acknowledged
        case unavailable
        case gone
    }

    private func send(
        _ target: String, _ body: String, _ id: String, _ client: TrackerConnection, _ tell: @Sendable (Int) -> Void,
        _ change: (inout Acknowledged) -> Void
    ) async -> Outcome {
        do {
            let answer = try await client.post(target, body)
            switch answer.status {
            case 200, 202:
                let count = self.state.withLock { state in
                    change(&state.processes[id, default: Acknowledged()])
                    state.count += 1
                    return state.count
                }
                tell(count)
                return .acknowledged
            case 503 where answer.code == "store_unavailable" && answer.headers["Retry-After"] != nil:
                self.state.withLock { $0.unanswered.append(Unanswered(target: target, body: body)) }
                return .unavailable
            default:
                self.state.withLock { $0.unexpected.append("\(target): \(answer)") }
                return .unavailable
            }
        } catch {
            self.state.withLock { $0.unanswered.append(Unanswered(target: target, body: body)) }
            return .gone
        }
    }

    // MARK: After the crash

    /// Sends once more what got no answer, as a client would, and expects that it is harmless.
    func repeatUnanswered(_ client: TrackerConnection) async throws {
        let (unanswered, acknowledged) = self.state.withLock { state in
            defer { state.unanswered = [] }
            return (state.unanswered, state.processes)
        }
        for request in unanswered {
            // Progress may go backwards: to repeat an old report behind a later one would take that back.
            if request.target.hasPrefix("/progress/"), let done = JSONNode(request.body)["done"].int,
                let later = acknowledged[String(request.target.dropFirst("/progress/".count))], later.done > done
            {
                continue
            }
            let isStart = request.target == "/start"
            let body = isStart ? request.body.dropLast() + #","if_exists":"return"}"# : request.body[...]
            let answer = try await client.post(request.target, String(body))
            // Where the start got no answer either, there may be nothing to report on, or a later report came first; and
            // what was cancelled may have been cleaned up.
            let isCancel = request.target.hasPrefix("/cancel/")
            let allowed = isStart ? [200, 202] : [200, 404, isCancel ? 410 : 409]
            #expect(allowed.contains(answer.status), "\(request.target) \(request.body) repeated: \(answer)")
        }
    }

    /// Expects a tracker to know all that was acknowledged, and everything it knows to be whole.
    func verify(_ client: TrackerConnection) async throws {
        let (acknowledged, unexpected) = self.state.withLock { ($0.processes, $0.unexpected) }
        #expect(unexpected.isEmpty, "\(unexpected.count) answers such as \(unexpected.first ?? "")")
        let records = try await RecordSurvey(client)
        try await records.expectCountsOfStats(client)
        for (id, expected) in acknowledged {
            guard let record = records.records[id] else {
                // What was cancelled may have been cleaned up, and nothing else.
                let answer = try await client.get("/status/\(id)")
                let isRemoved = answer.status == 410 && answer.json["process_status"].string == "cancelled"
                #expect(isRemoved && Self.isCancelled(id), "\(id) was acknowledged as \(expected): \(answer)")
                continue
            }
            let status = record["status"]?.string
            if let end = expected.end { #expect(status == end, "\(id) was acknowledged as \(end): \(record)") }
            if status == "completed" { #expect(record["result"]?.text == Self.result(id), "\(id)") }
            if status == "failed" { #expect(record["error"]?["details"].text == Self.result(id), "\(id)") }
            #expect(record["input"]?.text == Self.input(id), "\(id)")
            #expect(record["progress"]?["done"].int ?? 0 >= expected.done, "\(id) lost progress \(expected.done)")
        }
    }

    private static func isCancelled(_ id: String) -> Bool { id.split(separator: ".")[1] == "0" }

    private static func input(_ id: String) -> String {
        #"{"for": "\#(id)", "big": 12345678901234567890123, "text": "\#(String(repeating: "x", count: 200))"}"#
    }
    private static func result(_ id: String) -> String {
        #"{"of":"\#(id)",  "price":1.10,"zero":"\u0000","again":[1, 2,  3]}"#
    }
    private static func startBody(_ id: String) -> String {
        #"{"kind":"load","id":"\#(id)","input":\#(Self.input(id)),"metadata":{"id":"\#(id)"}}"#
    }
    private static func completeBody(_ id: String) -> String { #"{"result": \#(Self.result(id)) }"# }
    private static func failBody(_ id: String) -> String {
        #"{"error":{"code":"broken","message":"it broke","details":\#(Self.result(id))}}"#
    }
}
