internal import CCounters
internal import EventLoop
internal import Glibc
internal import ProcessCore
internal import ProcessRedis
internal import ProcessSQLite
internal import ProcessTestSupport

/// The stores that can be measured, as the service has them.
enum StoreKind: String, CaseIterable {
    case memory, sqlite, redis

    /// Runs a body with a store of its own, which is gone afterwards: a file in a temporary folder, a server on a Unix socket.
    func withStore(
        of size: Int, on loops: EventLoopGroup, _ body: (FilledStore) async throws -> Void
    ) async throws {
        let clock = SystemWallClock()
        let population = StorePopulation(size: size, before: clock.now())
        switch self {
        case .memory:
            let before = counters_heap_bytes()
            let repository = InMemoryProcessRepository(now: { clock.now() })
            try await Self.use(repository) {
                try await FilledStore.fill(repository, with: population, 0..<size)
                try await Self.lend(FilledStore(repository, population, bytes: counters_heap_bytes() - before), body)
            }
        case .sqlite:
            try await TemporaryDirectory.with { folder in
                let configuration = SQLiteConfiguration(path: "\(folder)/processes.db")
                let filled = try SQLiteProcessRepository.open(configuration, now: { clock.now() })
                try await Self.use(filled) { try await FilledStore.fill(filled, with: population, 0..<size) }
                // Closed, so that everything is in the one file.
                let bytes = try Self.length(of: configuration.path)
                let repository = try SQLiteProcessRepository.open(configuration, now: { clock.now() })
                try await Self.use(repository) {
                    try await Self.lend(FilledStore(repository, population, bytes: bytes), body)
                }
            }
        case .redis:
            try await RedisServer.with { server in
                let before = try Self.usedMemory(of: server)
                let repository = try await RedisProcessRepository.open(server.configuration, loops: loops)
                try await Self.use(repository) {
                    try await FilledStore.fill(repository, with: population, 0..<size)
                    let bytes = try Self.usedMemory(of: server) - before
                    try await Self.lend(FilledStore(repository, population, bytes: bytes, server: server), body)
                }
            }
        }
    }

    /// Makes a store that was measured ready for its operations.
    private static func lend(_ store: FilledStore, _ body: (FilledStore) async throws -> Void) async throws {
        try await store.putOut()
        try await body(store)
    }

    private static func use(_ repository: any ProcessRepository, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            await repository.close()
            throw error
        }
        await repository.close()
    }

    private static func length(of path: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FilledStore.Surprise(description: "\(path) is gone") }
        return Int(status.st_size)
    }

    private static func usedMemory(of server: RedisServer) throws -> Int {
        let lines = try server.run("INFO", "memory").text?.split(whereSeparator: \.isNewline) ?? []
        let line = lines.first { $0.hasPrefix("used_memory:") }
        guard let bytes = line?.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw FilledStore.Surprise(description: "Redis does not say how much memory it uses")
        }
        return bytes
    }
}
