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

    /// Serves until SIGINT, SIGTERM or SIGHUP, then stops gracefully; a second SIGINT or SIGTERM ends the program at once.
    ///
    /// SIGHUP stays ignored where it was when the program started, as by `nohup`.
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
        var signals = [SIGINT, SIGTERM].map { number in
            loop.onSignal(number) {
                if counter.next() == 1 {
                    serving.cancel()
                } else {
                    // Whoever asks twice does not want to wait; what was acknowledged is in the store.
                    _exit(128 + number)
                }
            }
        }
        if !Self.isIgnored(SIGHUP) {
            // Counts for nothing: a terminal that closes sends it more than once, and the end of a session beside SIGTERM.
            signals.append(loop.onSignal(SIGHUP) { serving.cancel() })
        }
        return signals
    }

    private static func isIgnored(_ signal: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(signal, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}

/// Counts the signals that came.
private final class SignalCounter: Sendable {
    private let count = Atomic<Int>(0)

    func next() -> Int {
        self.count.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
