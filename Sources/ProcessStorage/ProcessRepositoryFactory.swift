public import EventLoop
internal import Glibc
public import ProcessCore
internal import ProcessRedis
internal import ProcessSQLite

/// A store that was opened, and how it came to be the one.
public struct OpenedRepository: Sendable {
    /// The store.
    public var repository: any ProcessRepository
    /// What it is: `memory`, `sqlite` or `redis`.
    public var kind: String
    /// Why it is not the one that was configured; `nil` where it is.
    public var fallbackReason: String?

    /// Takes the three parts.
    public init(repository: any ProcessRepository, kind: String, fallbackReason: String? = nil) {
        self.repository = repository
        self.kind = kind
        self.fallbackReason = fallbackReason
    }
}

/// Opens the store that a configuration names: the one place that knows all of them.
public struct ProcessRepositoryFactory: Sendable {
    private let loops: EventLoopGroup
    private let now: @Sendable () -> Timestamp
    private let logger: Logger

    /// Takes what stores need.
    ///
    /// - Parameters:
    ///   - loops: The loops that connections live on; must outlive the store.
    ///   - now: The time of stores that have no clock of their own.
    ///   - logger: Where a fallback, what was moved, and what can't be read are written down.
    public init(loops: EventLoopGroup, now: @escaping @Sendable () -> Timestamp, logger: Logger) {
        self.loops = loops
        self.now = now
        self.logger = logger
    }

    /// Opens a store, or its fallback where it can't be reached or takes no writes.
    ///
    /// Where a store is reached that has a fallback file, what the file gathered is moved into it before this returns. Where
    /// it does not take that, its fallback is opened, too.
    ///
    /// - Parameter configuration: Which store.
    /// - Returns: The store, and why it is not the one that was asked for.
    /// - Throws: `refused` for mistakes, such as a wrong password or a file that is not ours, which no fallback hides;
    ///   `unavailable` where there is no fallback.
    public func open(_ configuration: RepositoryConfiguration) async throws(ProcessRepositoryError) -> OpenedRepository
    {
        switch configuration {
        case .memory:
            return OpenedRepository(repository: InMemoryProcessRepository(now: self.now), kind: "memory")
        case .sqlite(let sqlite):
            return OpenedRepository(repository: try self.open(sqlite), kind: "sqlite")
        case .redis(let redis, let fallback):
            let repository: RedisProcessRepository
            do {
                repository = try await self.open(redis)
            } catch {
                guard error.code == .unavailable else { throw error }
                return try self.open(fallback, because: error)
            }
            guard case .sqlite(let sqlite) = fallback, let outage = await self.move(sqlite, to: repository) else {
                return OpenedRepository(repository: repository, kind: "redis")
            }
            await repository.close()
            guard Self.isOutage(outage) else { throw outage }
            return try self.open(fallback, because: outage)
        }
    }

    /// Opens the store on a Redis server, and waits for one that is still reading its data, as after a restart of the machine:
    /// that ends by itself, and a fallback only by a restart of this service.
    private func open(_ redis: RedisConfiguration) async throws(ProcessRepositoryError) -> RedisProcessRepository {
        let begin = ContinuousClock.now
        var isTold = false
        while true {
            do {
                return try await RedisProcessRepository.open(redis, loops: self.loops)
            } catch {
                guard error.isOfLoadingRedis, begin.duration(to: .now) < Self.longestLoading else { throw error }
                if !isTold {
                    self.logger.warning(
                        "Redis is reading its data: waiting for it",
                        [
                            "server": "\(redis.endpoint)",
                            "at_most_s": .integer(Int64(Self.longestLoading.components.seconds)),
                        ])
                }
                isTold = true
                do { try await Task.sleep(for: .milliseconds(250)) } catch _ { throw error }
            }
        }
    }

    private static let longestLoading = Duration.seconds(60)

    private func open(_ sqlite: SQLiteConfiguration) throws(ProcessRepositoryError) -> SQLiteProcessRepository {
        try SQLiteProcessRepository.open(
            sqlite, now: self.now,
            onUnreadable: { [logger] id, reason in
                logger.warning(
                    "A process can't be read, and is passed over", ["process_id": "\(id)", "error": "\(reason)"])
            },
            onFault: { [logger] reason in
                logger.error("The store's file needs somebody to look after it", ["error": "\(reason)"])
            })
    }

    private func open(
        _ fallback: RepositoryFallback, because outage: ProcessRepositoryError
    ) throws(ProcessRepositoryError) -> OpenedRepository {
        let opened: OpenedRepository
        switch fallback {
        case .none: throw outage
        case .memory:
            opened = OpenedRepository(repository: InMemoryProcessRepository(now: self.now), kind: "memory")
        case .sqlite(let sqlite):
            opened = OpenedRepository(repository: try self.open(sqlite), kind: "sqlite")
        }
        let reason =
            "Redis could not be used at the start, so processes are kept in \(opened.kind): \(outage.message)"
        self.logger.warning("Redis can't be used: going on with the fallback", ["error": "\(outage)"])
        return OpenedRepository(repository: opened.repository, kind: opened.kind, fallbackReason: reason)
    }

    /// Whether an error of Redis ends by itself, or by more room, and so leads to the fallback.
    private static func isOutage(_ error: ProcessRepositoryError) -> Bool {
        switch error.code {
        case .unavailable, .outcomeUnknown, .storeFull: true
        case .refused, .unexpectedAnswer: false
        }
    }

    /// Moves what a fallback file gathered, if there is one.
    ///
    /// - Returns: Why the target did not take it.
    private func move(
        _ sqlite: SQLiteConfiguration, to target: RedisProcessRepository
    ) async -> ProcessRepositoryError? {
        guard access(sqlite.path, F_OK) == 0 else { return nil }
        let source: SQLiteProcessRepository
        do {
            source = try self.open(sqlite)
        } catch {
            // Redis is well: a file that may be anything is no reason to serve nobody.
            self.logger.warning("The fallback's file can't be read, nothing was moved", ["error": "\(error)"])
            return nil
        }
        let report = await FallbackMigration.move(from: source, to: target)
        await source.close()
        if report.moved > 0 {
            self.logger.info(
                "Processes of the fallback's file were moved to Redis", ["moved": .integer(report.moved)])
        }
        if report.kept > 0 {
            self.logger.warning(
                """
                Redis knows others by the ids of some processes of the fallback's file, or can't keep their output: these \
                were not moved and stay in the file's table "moving". Each start tries again; whoever needs them no more \
                deletes them there
                """,
                [
                    "kept": .integer(report.kept), "file": "\(sqlite.path)",
                    "process_ids": "\(report.keptIDs.map(\.text).joined(separator: ", "))",
                ])
        }
        switch report.failure {
        case nil: return nil
        case .source(let error):
            self.logger.warning(
                "Not all processes of the fallback's file could be moved to Redis; the next start tries again",
                ["error": "\(error)"])
            return nil
        case .target(let error):
            return ProcessRepositoryError(
                error.code, "what the fallback's file holds can't be moved to Redis: \(error.message)",
                underlying: error)
        }
    }
}
