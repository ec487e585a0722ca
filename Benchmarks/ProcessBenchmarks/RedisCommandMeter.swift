internal import ProcessTestSupport

/// Counts the commands that a run has a Redis server do.
struct RedisCommandMeter: Meter {
    private let server: RedisServer
    /// Commands that were sent, in the latest run.
    private(set) var sent = 0
    /// Commands that scripts ran on the server, in the latest run.
    private(set) var inScripts = 0

    private static let end = "the end of the run"

    init(_ server: RedisServer) {
        self.server = server
    }

    mutating func measure<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        let monitor = try self.server.connect()
        try monitor.run("MONITOR")
        let answer = try await body()
        try self.server.run("ECHO", Self.end)
        (self.sent, self.inScripts) = (0, 0)
        while let line = try monitor.receive().text, !line.contains(Self.end) {
            let parts = line.split(separator: "\"", maxSplits: 2)
            guard parts.count > 1 else { continue }
            if parts[0].contains(" lua]") {
                self.inScripts += 1
            } else if parts[1] != "TIME" {
                // The clock's own question may come at any time.
                self.sent += 1
            }
        }
        return answer
    }
}
