internal import EventLoop
internal import Glibc
public import ProcessCore
internal import Synchronization

/// The service as a program: serves until a signal ends it.
public struct Service: Sendable {
    private let application: Application
    private let threads: Int
    private let logger: Logger

    /// Takes what it is configured by.
    ///
    /// - Parameters:
    ///   - configuration: All that it has to know.
    ///   - logger: Where it writes what happens.
    public init(_ configuration: ServiceConfiguration, logger: Logger) {
        self.application = Application(configuration: configuration, logger: logger)
        self.threads = configuration.threads
        self.logger = logger
    }

    /// Serves until SIGINT or SIGTERM, then stops gracefully; a second signal ends the program at once.
    ///
    /// - Parameter isReady: Is told once, when requests are answered, with the line to show.
    /// - Throws: `Application.StartError`, where it could not start.
    public func run(isReady: @escaping @Sendable (String) -> Void) async throws(Application.StartError) {
        let loops: EventLoopGroup
        do {
            loops = try await EventLoopGroup(count: self.threads)
        } catch {
            throw Application.StartError(description: "\(error)")
        }
        let application = self.application
        let serving = Task(executorPreference: loops.loops[0]) { () async -> Result<Void, Application.StartError> in
            do throws(Application.StartError) {
                try await application.run(on: loops, isReady: isReady)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        let signals = self.stopOnSignals(serving, loop: loops.loops[0])
        let outcome = await serving.value
        for signal in signals { signal.cancel() }
        await loops.shutdown()
        try outcome.get()
    }

    private func stopOnSignals(
        _ serving: Task<Result<Void, Application.StartError>, Never>, loop: EventLoop
    ) -> [EventRegistration] {
        let counter = SignalCounter()
        return [SIGINT, SIGTERM].map { number in
            loop.onSignal(number) {
                if counter.next() == 1 {
                    serving.cancel()
                } else {
                    // Whoever asks twice does not want to wait; what was acknowledged is in the store.
                    _exit(128 + number)
                }
            }
        }
    }
}

/// Counts the signals that came.
private final class SignalCounter: Sendable {
    private let count = Atomic<Int>(0)

    func next() -> Int {
        self.count.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
