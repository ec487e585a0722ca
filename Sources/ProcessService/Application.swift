public import EventLoop
internal import Glibc
internal import HTTPTransport
public import ProcessCore
internal import ProcessHTTP
internal import ProcessStorage
internal import Synchronization

/// The service, put together from its configuration: store, manager, routes, server, and the loops that run beside them.
public struct Application: Sendable {
    private let configuration: ServiceConfiguration
    private let logger: Logger
    private let clock: any WallClock

    /// Why the service could not start, in one line for whoever started it.
    public struct StartError: Error, CustomStringConvertible {
        /// What is wrong, and with what.
        public let description: String
    }

    /// Takes what the service is made from.
    ///
    /// - Parameters:
    ///   - configuration: All that it has to know.
    ///   - logger: Where it writes what happens.
    ///   - clock: The time of stores that have no clock of their own.
    public init(configuration: ServiceConfiguration, logger: Logger, clock: any WallClock = SystemWallClock()) {
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
    }

    /// Serves until the task is cancelled, then stops in the reverse order of the start: no more connections, up to 10
    /// seconds for the requests in flight, the timers, the store.
    ///
    /// - Parameters:
    ///   - loops: The loops to serve on; must outlive this call.
    ///   - isReady: Is told once, when requests are answered, with the line to show.
    /// - Throws: ``StartError``, where it could not start.
    public func run(on loops: EventLoopGroup, isReady: @Sendable (String) -> Void) async throws(StartError) {
        let metrics = TrackerMetrics(version: processTrackerVersion)
        // First of all: where another service has the address, nothing may have moved out of its store.
        let sockets = try await self.takeAddress(on: loops)
        let opened: OpenedRepository
        do {
            opened = try await self.openRepository(loops)
        } catch {
            sockets.close()
            throw error
        }
        let repository = MeasuredProcessRepository(opened.repository, metrics: metrics)
        metrics.count(in: repository)
        metrics.fallbackActive.set(opened.fallbackReason == nil ? 0 : 1)

        let manager = ProcessManager(
            repository: repository,
            policy: CleanupPolicy(
                retention: self.configuration.retention, tombstoneLifetime: self.configuration.tombstoneTTL,
                idempotencyLifetime: self.configuration.idempotencyTTL, streamLifetime: self.configuration.streamTTL),
            maximumCount: self.configuration.maxProcesses, keptChunks: self.configuration.streamMaxChunks,
            observer: MetricsObserver(metrics) { [losses = LostChangeLog(self.logger)] in losses.note($0, $1) })
        metrics.countWaiting(at: manager.hub)
        let fallbackReason = opened.fallbackReason
        let routes = ProcessRoutes(
            manager: manager,
            service: ServiceStatus(
                version: processTrackerVersion, repositoryType: opened.kind, fallbackReason: { fallbackReason },
                metrics: { await metrics.registry.render() }),
            hosts: self.configuration.hosts, maximumBodySize: self.configuration.maxBodyBytes,
            maximumChunkSize: self.configuration.streamMaxChunkBytes,
            observer: ServiceObserver(metrics, logger: self.logger))

        let server: HTTPServer
        do {
            server = try await self.startServer(routes, on: sockets, loops)
        } catch {
            await repository.close()
            throw error
        }
        let address = server.address.description
        if !self.configuration.listen.isLoopback {
            self.logger.warning(
                "Everybody who can reach this address can read, change and remove processes", ["address": "\(address)"])
        }
        self.logger.info(
            "The service is ready",
            ["address": "\(address)", "repository": "\(opened.kind)", "version": "\(processTrackerVersion)"])
        isReady("process-tracker \(processTrackerVersion) ready on http://\(address) (\(opened.kind))")

        await withTaskGroup { services in
            let lease = LeaseService(
                manager: manager, grace: self.configuration.leaseGrace, logger: self.logger)
            services.addTask { await lease.run() }
            services.addTask { await manager.hub.run() }
            if let interval = self.configuration.cleanupInterval {
                let cleanup = CleanupService(
                    manager: manager, interval: interval, metrics: metrics, logger: self.logger)
                services.addTask { await cleanup.run() }
            }
            if let fallbackReason {
                services.addTask { await self.repeatWarning(fallbackReason) }
            }
            await Self.untilCancelled()
            self.logger.info("The service is stopping")
            // Whoever waits for a change is answered now, rather than cut off after the grace.
            manager.hub.close()
            await server.stop(grace: .seconds(10))
            services.cancelAll()
        }
        await repository.close()
        self.logger.info("The service has stopped")
    }

    private func openRepository(_ loops: EventLoopGroup) async throws(StartError) -> OpenedRepository {
        let factory = ProcessRepositoryFactory(loops: loops, now: { [clock] in clock.now() }, logger: self.logger)
        do {
            return try await factory.open(self.configuration.repository)
        } catch {
            throw StartError(description: error.message)
        }
    }

    private func takeAddress(on loops: EventLoopGroup) async throws(StartError) -> ListeningSockets {
        let address = HostPort(host: self.configuration.listen.host, port: self.configuration.listen.port)
        do {
            return try await ListeningSockets.bind(address, count: loops.loops.count)
        } catch {
            throw Self.startError(error)
        }
    }

    private static func startError(_ error: HTTPServerError) -> StartError {
        let hint =
            error.code == .addressInUse
            ? "; --listen or TRACKER_LISTEN names another, and port 0 takes a free one" : ""
        return StartError(description: "\(error)\(hint)")
    }

    private func startServer(
        _ routes: ProcessRoutes, on sockets: ListeningSockets, _ loops: EventLoopGroup
    ) async throws(StartError) -> HTTPServer {
        var configuration = HTTPServer.Configuration(serverName: "process-tracker/\(processTrackerVersion)") {
            ProcessRoutes.answer(toUnreadable: $0)
        }
        configuration.maximumBodySize = self.configuration.maxBodyBytes
        let acceptFailures = AcceptFailureLog(self.logger)
        configuration.onAcceptFailure = { acceptFailures.note($0) }
        do {
            return try await HTTPServer.start(
                on: sockets, group: loops, configuration: configuration, handler: routes)
        } catch {
            throw Self.startError(error)
        }
    }

    /// A fallback is never silent: whoever looks at the log today must see it, though it began a month ago.
    private func repeatWarning(_ reason: String) async {
        while (try? await Task.sleep(for: .seconds(3600))) != nil {
            self.logger.warning("The service still runs on its fallback", ["reason": "\(reason)"])
        }
    }

    private static func untilCancelled() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            continuation.finish()
        }
    }
}
