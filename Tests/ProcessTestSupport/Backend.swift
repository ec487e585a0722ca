import Glibc
public import ProcessCore
import ProcessRedis

/// The stores that the conformance suite runs over.
public enum Backend: String, CaseIterable, Sendable {
    /// `InMemoryProcessRepository`.
    case memory
    /// `RedisProcessRepository`, on a server of the test's own.
    case redis

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
            try await body(Array(repeating: repository, count: count), clock)
            await repository.close()
        case .redis:
            try await RedisServer.with { server in
                try await server.withRepositories(count, time: .manual(clock.read)) { repositories in
                    try await body(repositories, clock)
                }
            }
        }
    }
}
