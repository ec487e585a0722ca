import ProcessCore

/// All that a history has of the output of one process.
struct OutputHistory {
    typealias Chunk = OutputSighting.Chunk

    /// One append, with each time that it was sent.
    struct Append {
        let attempt: Int
        let parts: [String]
        /// The index that it named.
        let named: Int?
        let operations: [ChaosOperation]

        /// When it was sent, of those times that may have had an effect.
        let begins: [Duration]
        /// When it was acknowledged first.
        let acknowledged: Duration?

        init(_ attempt: ChaosOperation.Attempt, _ parts: [String], at named: Int?, _ operations: [ChaosOperation]) {
            self.attempt = attempt.number
            self.parts = parts
            self.named = named
            self.operations = operations
            self.begins = operations.filter(\.mayHaveHappened).map(\.begin)
            self.acknowledged = operations.filter { $0.appended != nil }.map(\.end).min()
        }
    }

    /// The output as somebody was shown it.
    struct Reading {
        let operation: ChaosOperation
        let kept: Int
        let last: Int
        /// The indexes in the order in which they were shown.
        let indexes: [Int]
        /// By index.
        let chunks: [Chunk]

        init(_ operation: ChaosOperation, _ output: OutputSighting, kept: Int) {
            self.operation = operation
            self.kept = kept
            self.last = output.last
            self.indexes = output.chunks.map(\.index)
            self.chunks = output.chunks.sorted { $0.index < $1.index }
        }
    }

    /// Where a part was sent.
    struct Place {
        let append: Append
        let offset: Int
    }

    /// A chunk that is known to be there from a time on.
    struct Known {
        let chunk: Chunk
        let since: Duration
        let operation: ChaosOperation
    }

    let id: String
    let appends: [Append]
    let readings: [Reading]
    let known: [Known]
    /// When each index was acknowledged first.
    let acknowledged: [Int: Duration]
    /// From when on each attempt was known to be over.
    let ends: [Int: Duration]
    private let places: [String: Place]

    init(_ process: ProcessHistory) {
        var sent: [ChaosOperation.Request: [ChaosOperation]] = [:]
        var readings: [Reading] = []
        var known: [Known] = []
        var acknowledged: [Int: Duration] = [:]
        for operation in process.operations {
            switch operation.request {
            case .append(_, let parts, _):
                sent[operation.request, default: []].append(operation)
                guard let range = operation.appended else { continue }
                for (index, part) in zip(range, parts) {
                    let chunk = Chunk(index: index, data: part)
                    known.append(Known(chunk: chunk, since: operation.end, operation: operation))
                    acknowledged[index] = min(acknowledged[index] ?? operation.end, operation.end)
                }
            case .readOutput(_, let kept):
                guard case .output(let output) = operation.answer else { continue }
                readings.append(Reading(operation, output, kept: kept))
                known += output.chunks.map { Known(chunk: $0, since: operation.end, operation: operation) }
            default: break
            }
        }
        self.id = process.id
        self.appends = sent.compactMap { request, operations in
            guard case .append(let attempt, let parts, let named) = request else { return nil }
            return Append(attempt, parts, at: named, operations)
        }
        self.readings = readings
        self.known = known
        self.acknowledged = acknowledged
        var places: [String: Place] = [:]
        for append in self.appends {
            for (offset, part) in append.parts.enumerated() { places[part] = Place(append: append, offset: offset) }
        }
        self.places = places
        let attempts = Set(self.appends.map(\.attempt))
        self.ends = Dictionary(
            uniqueKeysWithValues: attempts.compactMap { attempt in
                process.end(of: attempt).map { (attempt, $0) }
            })
    }

    /// Where the data of a chunk was sent; `nil` where it was not, or could have had no effect before it was shown.
    func place(of chunk: Chunk, in reading: Reading) -> Place? {
        guard chunk.type == Chunk.partType, let place = self.places[chunk.data],
            place.append.begins.contains(where: { $0 < reading.operation.end })
        else { return nil }
        return place
    }
}

extension ProcessHistory {
    /// From when on an attempt was known to be over; `nil` where nobody was shown that.
    fileprivate func end(of attempt: Int) -> Duration? {
        let after = self.observations.filter { observation in
            guard let outline = observation.outline else { return false }
            return outline.attempt > attempt || outline.attempt == attempt && outline.status != .running
        }
        return after.map(\.operation.end).min()
    }
}

extension ChaosOperation {
    /// The indexes under which it was acknowledged to have been appended.
    var appended: ClosedRange<Int>? {
        if case .appended(let range) = self.answer { range } else { nil }
    }
}
