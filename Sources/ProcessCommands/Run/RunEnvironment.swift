internal import Glibc

/// What `run` has around it; a test has other descriptors, other signals and shorter times.
struct RunEnvironment: Sendable {
    /// Where the command's output goes.
    var output: Int32 = STDOUT_FILENO
    /// Where the command's errors go.
    var error: Int32 = STDERR_FILENO
    /// How long to wait for what.
    var timing = RunTiming()
    /// Hands over signals, from its call on.
    var startSignals: @Sendable (@escaping @Sendable (ReceivedSignal) -> Void) throws(CommandError) -> Void
    /// Whether the command shares our process group.
    var sharesGroup: Bool
    /// Signals that stay ignored.
    var ignoredSignals: Set<Int32>
    /// Waits, and throws when the task is cancelled.
    var sleep: @Sendable (Duration) async throws -> Void
    /// Says something on standard error, as a line of ours.
    var warn: @Sendable (String) -> Void
    /// Who runs the command.
    var worker: String
    /// Makes a repeated start harmless.
    var idempotencyKey: String
}
