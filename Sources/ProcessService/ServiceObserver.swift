internal import ProcessCore
internal import ProcessHTTP

/// Counts requests in the metrics, and writes them to the log: what failed as errors, the rest at the level `debug`.
struct ServiceObserver: RequestObserver {
    /// The instruments of one route, fetched once: nothing is looked up by name while a request waits.
    private struct Instruments: Sendable {
        let duration: Histogram
        let answers: [HTTPMethod: CountersByStatus]

        init(_ label: String, _ metrics: TrackerMetrics) {
            self.duration = metrics.httpRequestDuration.with(label)
            self.answers = Dictionary(
                uniqueKeysWithValues: HTTPMethod.allCases.map {
                    ($0, metrics.httpRequests.byStatus(label, $0.rawValue))
                })
        }
    }

    private let known: [Route: Instruments]
    private let other: Instruments
    private let logger: Logger

    init(_ metrics: TrackerMetrics, logger: Logger) {
        self.known = Dictionary(uniqueKeysWithValues: Route.allCases.map { ($0, Instruments($0.template, metrics)) })
        self.other = Instruments("other", metrics)
        self.logger = logger
    }

    func didRespond(_ summary: RequestSummary) {
        let instruments = summary.route.flatMap { self.known[$0] } ?? self.other
        instruments.answers[summary.method]?[summary.status.code].increment()
        if !summary.hasWaited {
            let (seconds, attoseconds) = summary.duration.components
            instruments.duration.observe(
                nanoseconds: UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds / 1_000_000_000)))
        }
        if let cause = summary.cause {
            var metadata = Self.describe(summary)
            metadata["cause"] = .text(cause)
            self.logger.error("A request failed", metadata)
        } else {
            self.logger.debug("A request was answered", Self.describe(summary))
        }
    }

    private static func describe(_ summary: RequestSummary) -> LogMetadata {
        var metadata: LogMetadata = [
            "request_id": .text(summary.requestID), "method": .text(summary.method.rawValue),
            "route": .text(summary.routeLabel), "status": .integer(summary.status.code),
            "duration_us": .integer(Int64(summary.duration / .microseconds(1))),
        ]
        if let problem = summary.problem { metadata["code"] = .text(problem.rawValue) }
        return metadata
    }
}
