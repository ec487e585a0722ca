import HTTPTransport
import ProcessHTTP
import Synchronization

/// Asks instances, and writes each question and its answer down.
final class ChaosCaller: Sendable {
    let name: String
    private let instances: ChaosInstances
    private let history: ChaosHistory
    /// A caller's connections are its own; one to an instance that was killed is of no use any more.
    private let connections = Mutex<[HostPort: TrackerConnection]>([:])

    init(_ name: String, _ instances: ChaosInstances, _ history: ChaosHistory) {
        self.name = name
        self.instances = instances
        self.history = history
    }

    /// Sends a request and waits for its answer, or for word that there is none.
    func ask(_ message: ChaosMessage, on instance: Int) async -> ChaosOperation.Answer {
        let begin = self.history.now
        let answer: ChaosOperation.Answer
        do {
            let response = try await self.connection(to: instance).send(
                message.method, message.target, message.body, headers: message.headers, within: .seconds(30))
            answer = Self.read(response, to: message.request)
        } catch let error as HTTPClientError where error.code == .connectionRefused {
            // Nobody was there to be asked, so there is nothing to write down.
            return .undone("nobody listens")
        } catch {
            answer = .lost("\(error)")
        }
        self.write(message.request, begin, answer)
        return answer
    }

    /// Sends a request and is gone before the answer comes, as a worker that is killed.
    func askAndDie(_ message: ChaosMessage, on instance: Int) async {
        let begin = self.history.now
        let address = self.instances.address(instance)
        await onThread {
            guard let socket = try? RawSocket(to: address) else { return }
            let body = message.body ?? ""
            let headers = message.headers.map { "\($0): \($1)\r\n" }.joined()
            socket.send(
                "\(message.method.rawValue) \(message.target) HTTP/1.1\r\nHost: localhost\r\n\(headers)"
                    + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
        self.write(message.request, begin, .lost("died before the answer"))
    }

    private func write(_ request: ChaosOperation.Request, _ begin: Duration, _ answer: ChaosOperation.Answer) {
        self.history.append(
            ChaosOperation(actor: self.name, request: request, begin: begin, end: self.history.now, answer: answer))
    }

    private func connection(to instance: Int) -> TrackerConnection {
        let address = self.instances.address(instance)
        return self.connections.withLock { connections in
            if let connection = connections[address] { return connection }
            let connection = TrackerConnection(to: address)
            connections[address] = connection
            return connection
        }
    }

    private static func read(
        _ response: TrackerConnection.Answer, to request: ChaosOperation.Request
    ) -> ChaosOperation.Answer {
        switch response.status {
        case 200, 202:
            if let answer = Self.readOutput(response, to: request) { return answer }
            var texts = [response.text]
            if case .claim = request { texts = response.json["processes"].elements.map(\.text) }
            let sightings = texts.compactMap { Sighting($0) }
            guard sightings.count == texts.count else {
                return .refused(status: response.status, code: "unreadable", nil)
            }
            return .shown(status: response.status, sightings)
        case 304:
            return .unchanged
        case 503 where response.code == "store_unavailable":
            let detail = response.json["detail"].string ?? ""
            return detail.contains("so nothing was") ? .undone(detail) : .lost(detail)
        default:
            return .refused(
                status: response.status, code: response.code ?? "\(response.text.prefix(200))",
                Sighting.Outline(problem: response.text))
        }
    }

    /// Reads what only requests about output are answered; `nil` for others.
    private static func readOutput(
        _ response: TrackerConnection.Answer, to request: ChaosOperation.Request
    ) -> ChaosOperation.Answer? {
        let answer: ChaosOperation.Answer?
        switch request {
        case .append:
            let range = response.json.members
            answer = range["first"]?.int.flatMap { first in
                range["last"]?.int.flatMap { first <= $0 ? .appended(first...$0) : nil }
            }
        case .readOutput: answer = OutputSighting(response.text).map { .output($0) }
        default: return nil
        }
        return answer ?? .refused(status: response.status, code: "unreadable", nil)
    }
}
