internal import EventLoop
internal import ProcessCore
internal import ProcessRedis
internal import ProcessSQLite
internal import ProcessTestSupport

/// The stores that can be measured, as the service has them.
enum StoreKind: String, CaseIterable {
    case memory, sqlite, redis

    /// Runs a body with an empty store of its own, which is gone afterwards: a file in a temporary folder, a server on a Unix
    /// socket.
    func withStore(
        on loops: EventLoopGroup, _ body: (any ProcessRepository) async throws -> Void
    ) async throws {
        let clock = SystemWallClock()
        switch self {
        case .memory:
            try await Self.use(InMemoryProcessRepository(now: { clock.now() }), body)
        case .sqlite:
            try await TemporaryDirectory.with { folder in
                let configuration = SQLiteConfiguration(path: "\(folder)/processes.db")
                try await Self.use(try SQLiteProcessRepository.open(configuration, now: { clock.now() }), body)
            }
        case .redis:
            try await RedisServer.with { server in
                try await Self.use(try await RedisProcessRepository.open(server.configuration, loops: loops), body)
            }
        }
    }

    private static func use(
        _ repository: any ProcessRepository, _ body: (any ProcessRepository) async throws -> Void
    ) async throws {
        do {
            try await body(repository)
        } catch {
            await repository.close()
            throw error
        }
        await repository.close()
    }
}
