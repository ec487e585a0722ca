internal import ProcessCore

/// The end of an attempt whose time is over.
///
/// The tracker ends it by itself. Whoever does the work knows the time as well, and ends that without waiting to hear of it:
/// the next attempt may begin soon.
enum TimeOut {
    /// The exit code of `run`; `timeout(1)` has the same.
    static let exitCode: Int32 = 124

    /// The failure in the tracker's own words. So a report that comes second, as it does as a rule, says what is known there
    /// already, and one that comes first leaves the process as the tracker would have.
    static func failure(attempt: Int64, after timeout: Duration) -> ProcessFailure {
        ProcessFailure(
            code: ProcessFailure.timedOutCode, message: "attempt \(attempt) ran for longer than \(timeout.text)")
    }
}
