import ProcessCore
import Testing

@Suite("The wait between two attempts")
struct TransitionBackoffTests {
    private func delays(_ backoff: Backoff, _ attempts: [Int], random: Double = 0.5) -> [Int64] {
        attempts.map { backoff.delay(afterAttempt: $0, random: random).milliseconds }
    }

    @Test("grows by its factor up to its maximum")
    func growth() {
        let backoff = Backoff(initial: .seconds(1), factor: 2, max: .seconds(300), jitter: 0)
        #expect(self.delays(backoff, Array(1...6)) == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000])
        #expect(self.delays(backoff, [9, 10, 11]) == [256_000, 300_000, 300_000])
        let odd = Backoff(initial: .milliseconds(100), factor: 1.5, max: .seconds(1), jitter: 0)
        #expect(self.delays(odd, Array(1...7)) == [100, 150, 225, 338, 506, 759, 1_000])
    }

    @Test("stays the same with a factor of 1, and at a maximum below the first wait")
    func constant() {
        let same = Backoff(initial: .milliseconds(70), factor: 1, max: .seconds(300), jitter: 0)
        #expect(self.delays(same, [1, 2, 100, .max]) == [70, 70, 70, 70])
        let capped = Backoff(initial: .seconds(10), factor: 2, max: .seconds(3), jitter: 0)
        #expect(self.delays(capped, [1, 5]) == [3_000, 3_000])
    }

    @Test(
        "is the maximum after any number of attempts, however large the numbers",
        arguments: [64, 1_000, 1_000_000, Int.max])
    func hugeAttempts(attempt: Int) {
        #expect(
            self.delays(Backoff(initial: .seconds(1), factor: 2, max: .seconds(300), jitter: 0), [attempt]) == [300_000]
        )
        let extreme = Backoff(initial: .longest, factor: 1e308, max: .longest, jitter: 0)
        #expect(self.delays(extreme, [attempt]) == [Duration.longest.milliseconds])
        let slow = Backoff(initial: .milliseconds(1), factor: 1.000001, max: .longest, jitter: 0)
        let wait = self.delays(slow, [attempt])[0]
        #expect(wait >= 1 && wait <= Duration.longest.milliseconds)
    }

    @Test("no first wait is no wait, whatever the factor")
    func none() {
        let backoff = Backoff(initial: .zero, factor: 1e308, max: .seconds(300), jitter: 0.5)
        #expect(self.delays(backoff, [1, 2, 3]) == [0, 0, 0])
    }

    @Test("the power is the same as by multiplying one factor after the other", arguments: [1.1, 1.5, 2, 3.7])
    func power(factor: Double) {
        let backoff = Backoff(initial: .seconds(1), factor: factor, max: .longest, jitter: 0)
        var expected = 1_000.0
        for attempt in 1...40 {
            let wait = Double(backoff.delay(afterAttempt: attempt, random: 0.5).milliseconds)
            let limit = min(expected, Double(Duration.longest.milliseconds))
            #expect(abs(wait - limit) <= max(1, limit * 1e-9), "after attempt \(attempt)")
            expected *= factor
        }
    }

    @Test("lies within its jitter, both ends included")
    func jitter() {
        let backoff = Backoff(initial: .seconds(10), factor: 2, max: .seconds(40), jitter: 0.25)
        #expect(self.delays(backoff, [1, 2, 9], random: 0) == [7_500, 15_000, 30_000])
        #expect(self.delays(backoff, [1, 2, 9], random: 0.5) == [10_000, 20_000, 40_000])
        #expect(self.delays(backoff, [1, 2, 9], random: 1) == [12_500, 25_000, 50_000])
        let whole = Backoff(initial: .seconds(10), factor: 1, max: .seconds(10), jitter: 1)
        #expect(self.delays(whole, [1], random: 0) == [0])
        #expect(self.delays(whole, [1], random: 1) == [20_000])
        let standard = Backoff.standard
        for _ in 0..<1_000 {
            let wait = standard.delay(afterAttempt: 3, random: Double.random(in: 0..<1)).milliseconds
            #expect((3_600...4_400).contains(wait))
        }
    }

    @Test("an attempt below 1 waits like the first")
    func nonsense() {
        #expect(self.delays(.standard, [0, -5, .min]) == [1_000, 1_000, 1_000])
    }
}
