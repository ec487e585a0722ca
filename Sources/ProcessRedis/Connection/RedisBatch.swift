internal import ProcessCore

/// Commands that are sent, answered and fail together.
struct RedisBatch: Sendable {
    let commands: RedisCommands
    let effect: RedisConnection.Effect
    /// Whether these are the first commands on a connection, which belong to it and to no caller.
    var isIntroduction = false
    /// Whether they were on their way once before.
    var wasRepeated = false
    /// When the replies must have come.
    var deadline = MonotonicInstant(nanoseconds: 0)
    /// How many bytes had been written to the connection with the last one of these.
    var end = 0
    let handler: RedisConnection.Handler

    init(
        commands: RedisCommands, effect: RedisConnection.Effect, isIntroduction: Bool = false,
        handler: @escaping RedisConnection.Handler
    ) {
        self.commands = commands
        self.effect = effect
        self.isIntroduction = isIntroduction
        self.handler = handler
    }

    /// Tells the caller that no replies will come.
    ///
    /// Redis does a command when its last byte has come, so what was not sent to its end has not happened.
    ///
    /// - Parameters:
    ///   - failure: Why.
    ///   - sentCount: How many bytes had left on that connection.
    func fail(_ failure: ProcessRepositoryError, sentCount: Int) {
        guard self.effect == .writes, self.end <= sentCount else {
            self.handler(.failure(failure))
            return
        }
        self.handler(
            .failure(
                ProcessRepositoryError(
                    .outcomeUnknown, "\(failure.message); what was asked may or may not have happened",
                    underlying: failure)))
    }
}

/// Batches in the order in which they were sent; taking the first moves nothing.
struct RedisBatchQueue {
    private var batches: [RedisBatch?] = []
    private var head = 0

    var isEmpty: Bool { self.head == self.batches.count }

    var first: RedisBatch? { self.isEmpty ? nil : self.batches[self.head] }

    mutating func append(_ batch: RedisBatch) {
        if self.head >= 256, self.head * 2 >= self.batches.count {
            self.batches.removeSubrange(..<self.head)
            self.head = 0
        }
        self.batches.append(batch)
    }

    mutating func removeFirst() {
        self.batches[self.head] = nil
        self.head += 1
        if self.isEmpty {
            self.batches.removeAll(keepingCapacity: true)
            self.head = 0
        }
    }

    /// Takes all that are left.
    mutating func removeAll() -> [RedisBatch] {
        defer {
            self.batches = []
            self.head = 0
        }
        return self.batches[self.head...].compactMap { $0 }
    }
}
