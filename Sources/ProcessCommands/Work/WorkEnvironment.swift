internal import Glibc

/// What `work` has around it; a test has other descriptors, other signals and shorter times.
struct WorkEnvironment: Sendable {
    /// Where handlers' errors go.
    var error: Int32 = STDERR_FILENO
    /// How long to wait for what.
    var timing = WorkTiming()
    /// Hands over signals, from its call on.
    var startSignals: @Sendable (@escaping @Sendable (ReceivedSignal) -> Void) throws(CommandError) -> Void
    /// Signals that stay ignored in handlers.
    var ignoredSignals: Set<Int32>
    /// Where programs are looked for; nil for the system's default.
    var path: String?
    /// What time it is.
    var now: @Sendable () -> ContinuousClock.Instant = { .now }
    /// Waits, and throws when the task is cancelled.
    var sleep: @Sendable (Duration) async throws -> Void
    /// Says something on standard error, as a line of ours.
    var warn: @Sendable (String) -> Void
    /// Says what came of a process. It may take as long as it likes.
    var log: @Sendable (HandlerOutcome) async -> Void
    /// Who works.
    var worker: String
    /// Ends handlers that outlive this program; nil where there is nothing that could.
    var survivorGuard: SurvivorGuard?
}
