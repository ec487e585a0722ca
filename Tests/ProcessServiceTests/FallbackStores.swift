import ProcessRedis
import ProcessSQLite
import ProcessTestSupport
import Testing

/// A fallback's file and the Redis that it stands in for.
struct FallbackStores {
    /// The file.
    let path: String
    /// The server.
    let server: RedisServer
    /// The time of both.
    let clock: ManualClock

    /// Runs a body with both; the file must be whole in the end.
    ///
    /// - Parameters:
    ///   - clock: The time that they go by.
    ///   - body: Gets an instance on each.
    /// - Throws: What the body throws, or why there are none.
    static func with(
        _ clock: ManualClock,
        _ body: (SQLiteProcessRepository, RedisProcessRepository, FallbackStores) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { folder in
            let path = "\(folder)/processes.db"
            try await RedisServer.with { server in
                let stores = FallbackStores(path: path, server: server, clock: clock)
                let file = try stores.openFile()
                try await server.withRepositories(time: .manual(clock.read)) { targets in
                    try await body(file, targets[0], stores)
                }
                await file.close()
            }
            let findings = try SQLiteProcessRepository.check(path: path)
            #expect(findings == [])
        }
    }

    /// Opens the file once more, as another instance would.
    func openFile() throws -> SQLiteProcessRepository {
        try SQLiteProcessRepository.open(SQLiteConfiguration(path: self.path), now: self.clock.read)
    }
}
