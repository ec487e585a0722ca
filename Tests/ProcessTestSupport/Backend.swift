import Glibc
public import ProcessCore
import ProcessRedis
import ProcessSQLite

/// The stores that the conformance suite runs over.
public enum Backend: String, CaseIterable, Sendable {
    /// `InMemoryProcessRepository`.
    case memory
    /// `SQLiteProcessRepository`, on a file in a temporary folder.
    case sqlite
    /// `RedisProcessRepository`, on a server of its own.
    case redis

    /// All of them; without Redis only where somebody said so by hand, so that a missing server fails.
    public static let allCases: [Backend] =
        getenv("TRACKER_SKIP_REDIS").map { String(cString: $0) } == "1"
        ? [.memory, .sqlite] : [.memory, .sqlite, .redis]

    /// Runs a body with an empty store of its own, and one instance on it.
    ///
    /// - Parameter body: Gets the repository, and the clock it goes by.
    /// - Throws: What the body throws, or why there is no store.
    public func withRepository(
        _ body: (any ProcessRepository, ManualClock) async throws -> Void
    ) async throws {
        try await self.withInstances(1) { instances, clock in try await body(instances[0], clock) }
    }

    /// Runs a body with an empty store of its own, and two instances on it.
    ///
    /// In memory there is but one, which is handed over twice.
    ///
    /// - Parameter body: Gets both repositories, and the clock they go by.
    /// - Throws: What the body throws, or why there is no store.
    public func withTwoInstances(
        _ body: (any ProcessRepository, any ProcessRepository, ManualClock) async throws -> Void
    ) async throws {
        try await self.withInstances(2) { instances, clock in try await body(instances[0], instances[1], clock) }
    }

    private func withInstances(
        _ count: Int, _ body: ([any ProcessRepository], ManualClock) async throws -> Void
    ) async throws {
        let clock = ManualClock()
        switch self {
        case .memory:
            let repository = InMemoryProcessRepository(now: clock.read)
            try await Self.use(Array(repeating: repository, count: count)) { try await body($0, clock) }
        case .sqlite:
            try await TemporaryDirectory.with { folder in
                let configuration = SQLiteConfiguration(path: "\(folder)/processes.db")
                var instances: [any ProcessRepository] = []
                for _ in 0..<count {
                    instances.append(try SQLiteProcessRepository.open(configuration, now: clock.read))
                }
                try await Self.use(instances) { try await body($0, clock) }
            }
        case .redis:
            try await RedisServer.with { server in
                try await server.withRepositories(count, time: .manual(clock.read)) { instances in
                    try await body(instances, clock)
                }
            }
        }
    }

    /// Runs a body with instances, and closes them however it ends.
    private static func use(
        _ instances: [any ProcessRepository], _ body: ([any ProcessRepository]) async throws -> Void
    ) async throws {
        do {
            try await body(instances)
        } catch {
            for instance in instances { await instance.close() }
            throw error
        }
        for instance in instances { await instance.close() }
    }
}
