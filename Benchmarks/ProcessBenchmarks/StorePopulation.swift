internal import ProcessCore
internal import ProcessTestSupport

/// The processes that a store is filled with, each known by its number: eight tenths have finished, a tenth runs, a tenth waits.
///
/// What a number stands for is computed, so that a million ids need no memory beside the store that is measured.
struct StorePopulation: Sendable {
    /// How many there are.
    let size: Int
    /// When the first one was created; the others follow, one each millisecond.
    let begin: Timestamp

    /// The queue in which everything waits, or has waited.
    static let queue = "default"
    /// How many of those that run have put out something.
    private static let mostTalkers = 64

    init(size: Int, before now: Timestamp) {
        self.size = size
        // Those that take the place of removed ones are created later, but not in the future.
        self.begin = now - .seconds(600) - .milliseconds(size)
    }

    /// Those that have finished.
    var finished: Range<Int> { 0..<(self.size - 2 * (self.size / 10)) }
    /// Those that run.
    var running: Range<Int> { self.finished.upperBound..<(self.size - self.size / 10) }
    /// Those that run and have put out something.
    var talkers: Range<Int> {
        self.running.lowerBound..<(self.running.lowerBound + min(self.running.count, Self.mostTalkers))
    }

    /// What a process is known by.
    func id(_ number: Int) -> ProcessID {
        var generator = SeededGenerator(seed: UInt64(number))
        return .uuidV7(at: self.createdAt(number), using: &generator)
    }

    private func createdAt(_ number: Int) -> Timestamp { self.begin + .milliseconds(number) }

    /// A process as it is at first; one with a number beyond all others has finished.
    func record(_ number: Int) throws -> ProcessRecord {
        let (id, createdAt) = (self.id(number), self.createdAt(number))
        if self.running.contains(number) { return ProcessRecord(starting: Self.run, as: id, at: createdAt) }
        let waiting = ProcessRecord(starting: Self.wait, as: id, at: createdAt)
        if number >= self.running.upperBound, number < self.size { return waiting }
        let claim = ProcessTransition(.claim(ProcessClaim(worker: "host-1")), at: createdAt)
        let claimed = try claim.apply(to: waiting).record
        return try ProcessTransition(.complete(result: nil), attempt: claimed.attempt, at: createdAt).apply(to: claimed)
            .record
    }

    /// A start as callers make it, with a payload of 64 bytes, of work that they do themselves.
    static var run: ProcessStart {
        var start = ProcessStart(kind: "report")
        start.input = self.payload
        start.lease = .seconds(86_400)
        return start
    }

    /// A start of work for a queue.
    static var wait: ProcessStart {
        var start = ProcessStart(kind: "report")
        start.input = self.payload
        start.queue = self.queue
        return start
    }

    /// A piece of output.
    static let output = StreamOutput(type: "token", data: JSONText(unchecked: Array(#"{"text":" and so on"}"#.utf8)))

    private static let payload = JSONText(
        unchecked: Array(#"{"customer":42,"note":"sixty-four bytes of payload, no more..."}"#.utf8))
}
