internal import ProcessCore

extension ProcessRoutes {
    /// `GET /health`: always 200, so that whoever asks learns why.
    func health() async -> Answer {
        let health = await self.manager.repository.health()
        let fallback = self.service.fallbackReason()
        let state: RepositoryHealth.State = health.state == .ok && fallback != nil ? .degraded : health.state
        let reasons = [fallback, health.reason].compactMap { $0 }
        return .json { writer in
            writer.beginObject()
            writer.member("status", state.rawValue)
            writer.member("reason", reasons.isEmpty ? nil : reasons.joined(separator: "; "))
            writer.member("version", self.service.version)
            writer.member("uptime_s", Double(self.service.uptime().milliseconds) / 1000)
            writer.name("repository")
            writer.beginObject()
            writer.member("type", self.service.repositoryType)
            writer.member("status", health.state.rawValue)
            writer.member("latency_ms", (health.latency / .microseconds(1)).rounded() / 1000)
            writer.endObject()
            writer.endObject()
        }
    }

    /// `GET /health/live`: the program runs.
    static func live() -> Answer {
        .json { writer in
            writer.beginObject()
            writer.member("status", "ok")
            writer.endObject()
        }
    }

    /// `GET /health/ready`: the program can do its work, on whatever store.
    func ready() async throws(Problem) -> Answer {
        let health = await self.manager.repository.health()
        guard health.state != .down else {
            throw Problem(
                .storeUnavailable, "the store cannot do its work: GET /health says why",
                facts: Problem.Facts(retryAfter: 1, cause: health.reason))
        }
        return .json { writer in
            writer.beginObject()
            writer.member("status", health.state.rawValue)
            writer.endObject()
        }
    }

    /// `GET /metrics`
    func metrics() async -> Answer {
        Answer(contentType: "text/plain; version=0.0.4; charset=utf-8", body: await self.service.metrics())
    }

    /// `GET /openapi.json`
    func openAPI(_ request: HTTPRequest) throws(Problem) -> Answer {
        try Self.expectNoParameters(request)
        return Answer(body: self.openAPIDocument)
    }
}
