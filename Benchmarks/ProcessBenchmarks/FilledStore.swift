internal import ProcessCore
internal import ProcessTestSupport

/// A store with as many processes as it was filled with, on which operations are run one by one; what one of them adds or
/// takes is put right behind it, unmeasured.
final class FilledStore {
    /// What a store did that it should not do.
    struct Surprise: Error, CustomStringConvertible {
        let description: String
    }

    /// How many processes there are.
    var size: Int { self.population.size }
    /// What the store takes for one process, in bytes.
    let bytesPerProcess: Double
    /// The server it is on, where it is on one.
    let server: RedisServer?

    private let repository: any ProcessRepository
    private let manager: ProcessManager
    private let population: StorePopulation
    /// Chooses the processes.
    private var generator = SeededGenerator(seed: 5)
    /// The first of those that finished before all others and are still there.
    private var firstFinished = 0
    /// The number of the next one that takes the place of one that was removed.
    private var nextNumber: Int
    /// How many operations have left a finished process more.
    private var surplus = 0
    private var keyNumber = 0

    /// As the service does it.
    private static let cleanupLimit = CleanupRequest.standardLimit
    /// How many chunks there are for each read.
    private static let pageOfChunks = 100
    /// How many inserts are on their way at once while a store is filled.
    private static let width = 256

    /// Takes a store that was filled.
    init(
        _ repository: any ProcessRepository, _ population: StorePopulation, bytes: Int, server: RedisServer? = nil
    ) {
        self.repository = repository
        // Alone in the store: whoever hears of changes would be measured along with them.
        self.manager = ProcessManager(repository: InterposedRepository(repository, isSilent: true))
        self.population = population
        self.bytesPerProcess = Double(bytes) / Double(population.size)
        self.server = server
        self.nextNumber = population.size
    }

    // MARK: Filling

    /// Inserts processes.
    static func fill(
        _ repository: any ProcessRepository, with population: StorePopulation, _ numbers: Range<Int>
    ) async throws {
        try await withThrowingTaskGroup { group in
            for first in numbers.prefix(Self.width) {
                group.addTask {
                    for number in stride(from: first, to: numbers.upperBound, by: Self.width) {
                        if number > 0, number.isMultiple(of: 100_000) { Progress.show("inserted \(number.grouped)") }
                        let insertion = ProcessInsertion(try population.record(number), hasGeneratedID: true)
                        let outcome = try await repository.insert(insertion)
                        guard outcome == .inserted else {
                            throw Surprise(description: "an insert came to \(outcome)")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        Progress.clear()
    }

    /// Has the processes that have put out something do so.
    func putOut() async throws {
        let output = Array(repeating: StorePopulation.output, count: Self.pageOfChunks)
        for number in self.population.talkers { try await self.append(output, to: self.population.id(number)) }
    }

    private func append(_ output: [StreamOutput], to id: ProcessID) async throws {
        let outcome = try await self.repository.append(StreamAppend(to: id, output))
        guard case .appended = outcome else { throw Surprise(description: "an append came to \(outcome)") }
    }

    // MARK: Operations

    /// Runs one operation.
    func run(_ operation: StoreOperation, _ meter: inout some Meter) async throws {
        switch operation {
        case .start:
            let outcome = try await meter.measure { try await self.manager.start(StorePopulation.run) }
            try await self.complete(outcome.record)
        case .startWithKey:
            self.keyNumber += 1
            let key = ProcessManager.IdempotencyKey(key: "key-\(self.keyNumber)", fingerprint: "5f2c9a")
            let outcome = try await meter.measure {
                try await self.manager.start(StorePopulation.run, idempotency: key)
            }
            try await self.complete(outcome.record)
        case .status:
            let id = self.any(of: self.firstFinished..<self.population.running.upperBound)
            _ = try await meter.measure { try await self.manager.find(id) }
        case .report:
            let id = self.any(of: self.population.running)
            let report = ProgressReport(
                numbers: .units(done: Double(self.generator.int(1...10_000)), total: 10_000), message: "counting")
            _ = try await meter.measure { try await self.manager.change(id, .progress(report)) }
        case .complete:
            let record = try await self.manager.start(StorePopulation.run).record
            _ = try await meter.measure { try await self.manager.change(record.id, .complete(result: #"{"rows":7}"#)) }
            self.surplus += 1
        case .claim:
            let request = ClaimRequest(
                queues: [StorePopulation.queue], claim: ProcessClaim(worker: "host-1"))
            let claimed = try await meter.measure { try await self.manager.claim(request) }
            guard let record = claimed.first else { throw Surprise(description: "nothing was due") }
            try await self.complete(record)
            _ = try await self.manager.start(StorePopulation.wait)
        case .list, .listByStatus:
            var query = ProcessQuery()
            if operation == .listByStatus { query.statuses = [.completed] }
            let page = try await meter.measure { try await self.manager.list(query) }
            guard page.records.count == query.limit else {
                throw Surprise(description: "a page has \(page.records.count) processes")
            }
        case .cleanup: try await self.cleanUp(&meter)
        case .append:
            let id = self.any(of: self.population.talkers)
            try await meter.measure { try await self.append([StorePopulation.output], to: id) }
        case .read:
            let id = self.any(of: self.population.talkers)
            let page = try await meter.measure {
                try await self.repository.chunks(
                    of: id, after: 0, limit: Self.pageOfChunks, byteLimit: StreamPage.byteLimit)
            }
            guard page?.chunks.count == Self.pageOfChunks else { throw Surprise(description: "output is missing") }
        }
    }

    private func any(of numbers: Range<Int>) -> ProcessID {
        self.population.id(Int.random(in: numbers, using: &self.generator))
    }

    private func complete(_ record: ProcessRecord) async throws {
        try await self.manager.change(
            record.id, .complete(result: nil), attempt: record.attempt)
        self.surplus += 1
    }

    /// Removes the processes that ended first, and puts others in their place.
    private func cleanUp(_ meter: inout some Meter) async throws {
        let now = self.repository.now()
        let request = CleanupRequest(.expired(finishedBy: now, at: now), limit: Self.cleanupLimit)
        let batch = try await meter.measure { try await self.repository.cleanup(request) }
        guard batch.removed.count == Self.cleanupLimit else {
            throw Surprise(description: "a cleanup removed \(batch.removed.count) processes")
        }
        self.firstFinished = min(self.firstFinished + Self.cleanupLimit, self.population.finished.upperBound)
        let settled = min(self.surplus, Self.cleanupLimit)
        self.surplus -= settled
        let end = self.nextNumber + Self.cleanupLimit - settled
        try await Self.fill(self.repository, with: self.population, self.nextNumber..<end)
        self.nextNumber = end
    }
}
