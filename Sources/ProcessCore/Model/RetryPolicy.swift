/// How long to wait between two attempts: `initial`, then each time `factor` times as long, up to `max`, ± `jitter`.
public struct Backoff: Hashable, Sendable {
    /// The wait after the first attempt.
    public var initial: Duration
    /// What each further wait is multiplied by, 1 or more.
    public var factor: Double
    /// The longest wait, before jitter.
    public var max: Duration
    /// The share by which a wait is made shorter or longer at random, 0…1, so that a crowd does not come back at once.
    public var jitter: Double

    /// What holds where a process names no back-off of its own.
    public static let standard = Backoff(initial: .seconds(1), factor: 2, max: .seconds(300), jitter: 0.1)

    /// Takes the four parts.
    public init(initial: Duration, factor: Double, max: Duration, jitter: Double) {
        self.initial = initial
        self.factor = factor
        self.max = max
        self.jitter = jitter
    }

    /// The wait after an attempt.
    ///
    /// - Parameters:
    ///   - attempt: Which attempt has just ended, from 1.
    ///   - random: A number in 0..<1 that places the wait within the jitter; 0.5 is the middle.
    /// - Returns: The wait, in whole milliseconds.
    public func delay(afterAttempt attempt: Int, random: Double) -> Duration {
        // In floating point the power may reach infinity, which the cap takes back; times no wait it is no number.
        var exponent = Double(Swift.max(attempt, 1) - 1)
        var power = 1.0
        var base = self.factor
        while exponent >= 1, power.isFinite {
            if exponent.truncatingRemainder(dividingBy: 2) == 1 { power *= base }
            base *= base
            exponent = (exponent / 2).rounded(.down)
        }
        let grown = Double(self.initial.milliseconds) * power
        let capped = Swift.min(grown.isNaN ? 0 : grown, Double(self.max.milliseconds))
        let spread = capped * (1 + self.jitter * (2 * random - 1))
        return .milliseconds(Int64(Swift.max(0, spread).rounded()))
    }
}
