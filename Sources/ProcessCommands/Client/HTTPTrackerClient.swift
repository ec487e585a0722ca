internal import EventLoop
internal import HTTPTransport
internal import ProcessHTTP
internal import ProcessService

/// Reaches a tracker over HTTP.
struct HTTPTrackerClient: TrackerClient {
    private static let timeout: Duration = .seconds(10)
    /// A tracker that has nothing to tell says so every 15 s.
    private static let longestSilence: Duration = .seconds(45)

    let address: String
    private let client: HTTPClient
    private let notice: WaitingNotice

    /// Makes a client; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - url: Where the tracker is.
    ///   - loop: Where the client lives.
    ///   - patience: How long somebody waits for the first answer without being told so.
    ///   - say: Tells them.
    init(
        _ url: ServiceURL, loop: EventLoop, patience: Duration = .seconds(2),
        say: @escaping @Sendable (String) -> Void
    ) {
        var configuration = HTTPClient.Configuration()
        // Somebody waits for an answer, or a heartbeat is due: a tracker that is slower than this is as good as away.
        configuration.connectTimeout = .seconds(3)
        configuration.timeout = Self.timeout
        self.address = url.description
        self.client = HTTPClient(HostPort(host: url.host, port: url.port), loop: loop, configuration: configuration)
        self.notice = WaitingNotice(
            "no answer yet from the tracker at \(url.description); waiting", after: patience, on: loop, say: say)
    }

    func send(_ request: HTTPRequest) async throws(TrackerClientError) -> HTTPResponse {
        let wait = Self.wait(in: request)
        let waiting = self.notice.begin(beyond: wait)
        defer { waiting?.cancel() }
        do throws(HTTPClientError) {
            let response = try await self.client.send(request, within: Self.timeout + wait)
            self.notice.end()
            return response
        } catch {
            throw TrackerClientError(error)
        }
    }

    func open(_ request: HTTPRequest) async throws(TrackerClientError) -> any TrackerStream {
        let waiting = self.notice.begin()
        defer { waiting?.cancel() }
        do throws(HTTPClientError) {
            let stream = try await self.client.stream(request, longestSilence: Self.longestSilence)
            self.notice.end()
            return Stream(stream: stream)
        } catch {
            throw TrackerClientError(error)
        }
    }

    private struct Stream: TrackerStream {
        let stream: HTTPResponseStream

        var response: HTTPResponse { self.stream.response }

        func next() async throws(TrackerClientError) -> [UInt8]? {
            do throws(HTTPClientError) {
                return try await self.stream.next()
            } catch {
                throw TrackerClientError(error)
            }
        }

        func close() { self.stream.close() }
    }

    /// How long a request lets the tracker hold the answer.
    private static func wait(in request: HTTPRequest) -> Duration {
        guard let preference = request.headers["Prefer"], preference.hasPrefix("wait="),
            let seconds = Int(preference.dropFirst("wait=".count))
        else { return .zero }
        return .seconds(min(max(0, seconds), 60))
    }
}

extension TrackerClientError {
    /// The error in the few words that fit behind an address.
    init(_ error: HTTPClientError) {
        switch error.code {
        case .unresolvableHost: self.init("there is no such host")
        case .connectionRefused: self.init("nobody listens there")
        case .cannotConnect: self.init(error.description)
        case .timedOut: self.init("no answer in time", wasPossiblySent: true)
        case .connectionLost: self.init("the connection was lost", wasPossiblySent: true)
        case .malformedResponse: self.init("what came is no HTTP", wasPossiblySent: true)
        case .cancelled: self.init("interrupted", wasPossiblySent: true)
        }
    }
}
