/// The paths of the service. Everything that is known of a path hangs on its case, so that a new one can't be forgotten.
public enum Route: Hashable, Sendable, CaseIterable {
    /// `/start`
    case start
    /// `/status`, of several processes
    case statusOfMany
    /// `/status/{id}`
    case status
    /// `/processes`
    case processes
    /// `/cleanup`
    case cleanup
    /// `/stats`
    case stats
    /// `/progress/{id}`
    case progress
    /// `/complete/{id}`
    case complete
    /// `/fail/{id}`
    case fail
    /// `/cancel/{id}`
    case cancel
    /// `/cancelled/{id}`
    case cancelled
    /// `/retry/{id}`
    case retry
    /// `/retain/{id}`
    case retain
    /// `/stream/{id}`
    case stream
    /// `/claim`
    case claim
    /// `/batch`
    case batch
    /// `/events`, of all processes
    case events
    /// `/events/{id}`
    case eventsOfOne
    /// `/health`
    case health
    /// `/health/live`
    case live
    /// `/health/ready`
    case ready
    /// `/metrics`
    case metrics
    /// `/openapi.json`
    case openAPI
    /// `/`
    case dashboard
    /// `/dashboard/{part}`
    case dashboardPart

    /// The path with a name in braces in the place of what differs: what a metric may carry as a label.
    public var template: String {
        switch self {
        case .start: "/start"
        case .statusOfMany: "/status"
        case .status: "/status/{id}"
        case .processes: "/processes"
        case .cleanup: "/cleanup"
        case .stats: "/stats"
        case .progress: "/progress/{id}"
        case .complete: "/complete/{id}"
        case .fail: "/fail/{id}"
        case .cancel: "/cancel/{id}"
        case .cancelled: "/cancelled/{id}"
        case .retry: "/retry/{id}"
        case .retain: "/retain/{id}"
        case .stream: "/stream/{id}"
        case .claim: "/claim"
        case .batch: "/batch"
        case .events: "/events"
        case .eventsOfOne: "/events/{id}"
        case .health: "/health"
        case .live: "/health/live"
        case .ready: "/health/ready"
        case .metrics: "/metrics"
        case .openAPI: "/openapi.json"
        case .dashboard: "/"
        case .dashboardPart: "/dashboard/{part}"
        }
    }

    /// What the path is there for, which says what methods it has.
    enum Access: Hashable, Sendable {
        case read
        case change
        case readAndChange
        case remove
    }

    /// What the path is there for.
    var access: Access {
        switch self {
        case .start, .progress, .complete, .fail, .cancel, .cancelled, .retry, .retain, .claim, .batch: .change
        case .stream: .readAndChange
        case .cleanup: .remove
        case .statusOfMany, .status, .processes, .events, .eventsOfOne, .stats, .health, .live, .ready, .metrics,
            .openAPI, .dashboard, .dashboardPart:
            .read
        }
    }

    /// The methods of the path, besides OPTIONS, which every path has.
    public var methods: [HTTPMethod] {
        switch self.access {
        case .read: [.get, .head]
        case .change: [.post]
        case .readAndChange: [.get, .head, .post]
        case .remove: [.delete]
        }
    }

    /// Whether the path answers a method, OPTIONS aside.
    func answers(_ method: HTTPMethod) -> Bool {
        switch (self.access, method) {
        case (.read, .get), (.read, .head), (.change, .post), (.remove, .delete): true
        case (.readAndChange, .get), (.readAndChange, .head), (.readAndChange, .post): true
        default: false
        }
    }

    /// Whether what is wished for stands in the body, and not in the query alone.
    func readsBody(_ method: HTTPMethod) -> Bool {
        switch self.access {
        case .change: true
        case .readAndChange: method == .post
        case .read, .remove: false
        }
    }

    /// The value of `Allow`.
    var allow: String {
        switch self.access {
        case .read: "GET, HEAD, OPTIONS"
        case .change: "POST, OPTIONS"
        case .readAndChange: "GET, HEAD, POST, OPTIONS"
        case .remove: "DELETE, OPTIONS"
        }
    }

    /// Whether the path ignores what it does not know in a query: probes and scrapers add parameters of their own.
    var ignoresParameters: Bool {
        switch self {
        case .health, .live, .ready, .metrics, .dashboard, .dashboardPart: true
        case .start, .statusOfMany, .status, .processes, .cleanup, .stats, .progress, .complete, .fail, .cancel,
            .cancelled, .retry, .retain, .stream, .claim, .batch, .events, .eventsOfOne, .openAPI:
            false
        }
    }
}

/// A path that is one of ours, and what stands in the place of its braces.
struct RouteMatch: Equatable {
    let route: Route
    /// The segment in the place of the braces, decoded; `nil` where there is none. Its shape is not judged yet.
    let id: String?

    /// Finds the route of a path as it was sent.
    ///
    /// The answer is nil where no route has such a path: an empty id, a slash at the end and more segments are none.
    init?(path: String) {
        var path = path
        let match = path.withUTF8 { Self.match($0) }
        guard let match else { return nil }
        self = match
    }

    private init(_ route: Route, id: String? = nil) {
        self.route = route
        self.id = id
    }

    private static func match(_ path: UnsafeBufferPointer<UInt8>) -> RouteMatch? {
        guard path.first == UInt8(ascii: "/") else { return nil }
        guard path.count > 1 else { return RouteMatch(.dashboard) }
        let segments = UnsafeBufferPointer(rebasing: path[1...])
        guard let slash = segments.firstIndex(of: UInt8(ascii: "/")) else {
            return Self.withDecoded(segments) { word in
                Self.paths.first { Self.equal($0.word, word) }?.alone.map { RouteMatch($0) }
            }
        }
        let rest = UnsafeBufferPointer(rebasing: segments[(slash + 1)...])
        guard !rest.isEmpty, !rest.contains(UInt8(ascii: "/")) else { return nil }
        return Self.withDecoded(UnsafeBufferPointer(rebasing: segments[..<slash])) { word in
            guard let path = Self.paths.first(where: { Self.equal($0.word, word) }) else { return nil }
            if let route = path.withID {
                // What can't be decoded is no id; it is kept as it came, and its shape is refused later.
                let id = Self.withDecoded(rest) { String(validating: $0, as: UTF8.self) }
                return RouteMatch(route, id: id ?? String(decoding: rest, as: UTF8.self))
            }
            return Self.withDecoded(rest) { second in
                path.below.first { Self.equal($0.word, second) }.map { RouteMatch($0.route) }
            }
        }
    }

    /// What begins with one word: the path of the word alone, the one with an id behind it, those with a second word.
    private struct Path {
        let word: StaticString
        var alone: Route?
        var withID: Route?
        var below: [(word: StaticString, route: Route)] = []
    }

    private static let paths: [Path] = [
        Path(word: "status", alone: .statusOfMany, withID: .status),
        Path(word: "start", alone: .start),
        Path(word: "progress", withID: .progress),
        Path(word: "complete", withID: .complete),
        Path(word: "fail", withID: .fail),
        Path(word: "cancel", withID: .cancel),
        Path(word: "cancelled", withID: .cancelled),
        Path(word: "retry", withID: .retry),
        Path(word: "retain", withID: .retain),
        Path(word: "stream", withID: .stream),
        Path(word: "claim", alone: .claim),
        Path(word: "batch", alone: .batch),
        Path(word: "processes", alone: .processes),
        Path(word: "events", alone: .events, withID: .eventsOfOne),
        Path(word: "cleanup", alone: .cleanup),
        Path(word: "stats", alone: .stats),
        Path(word: "health", alone: .health, below: [("live", .live), ("ready", .ready)]),
        Path(word: "metrics", alone: .metrics),
        Path(word: "openapi.json", alone: .openAPI),
        Path(word: "dashboard", withID: .dashboardPart),
    ]

    private static func equal(_ word: StaticString, _ sent: UnsafeBufferPointer<UInt8>) -> Bool {
        guard word.utf8CodeUnitCount == sent.count else { return false }
        return word.withUTF8Buffer { $0.elementsEqual(sent) }
    }

    /// Gives the bytes of a segment without percent-encoding; nil where that is malformed.
    private static func withDecoded<Answer>(
        _ segment: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Answer?
    ) -> Answer? {
        guard segment.contains(UInt8(ascii: "%")) else { return body(segment) }
        guard let decoded = PercentEncoding.decode(segment) else { return nil }
        return decoded.withUnsafeBufferPointer { body($0) }
    }
}
