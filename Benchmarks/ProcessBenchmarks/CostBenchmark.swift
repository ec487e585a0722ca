internal import EventLoop
internal import ProcessCore

/// What each operation costs in stores of different sizes, which take turns so that a noisy neighbour hits all of them.
struct CostBenchmark {
    /// The largest store's median may be so many times that of the one with ``reference`` processes.
    static let ratioGoal = 1.5
    /// What is small: a smaller store is cheaper for reasons that end there, such as fitting into a processor's cache.
    static let reference = 10_000
    /// The bytes that a process with a payload of 64 bytes may take in memory.
    static let bytesGoal = 700.0
    /// Runs of each operation that are not counted, before the first turn of a store.
    private static let warmUp = 50

    /// What came of one operation in one store.
    struct Cost {
        let backend: StoreKind
        let operation: StoreOperation
        let size: Int
        let bytesPerProcess: Double
        let latencies: Latencies
    }

    private let options: BenchmarkOptions

    init(_ options: BenchmarkOptions) {
        self.options = options
    }

    /// Measures, prints what came of it, and writes it to a file where one is named.
    ///
    /// - Returns: What exceeds its goal, in words.
    func run() async throws -> [String] {
        let loops = try await EventLoopGroup(count: 1)
        var costs: [Cost] = []
        var sizes = MarkdownTable(["store", "processes", "bytes a process"])
        var excesses: [String] = []
        for backend in self.options.backends {
            // As in the service, everything runs on an event loop.
            try await withTaskExecutorPreference(loops.loops[0]) {
                try await self.withStores(backend, on: loops, of: self.options.sizes[...]) { stores in
                    for store in stores {
                        sizes.add([backend.rawValue, store.size.grouped, store.bytesPerProcess.shown(digits: 0)])
                    }
                    if backend == .memory, let bytes = stores.last?.bytesPerProcess, bytes > Self.bytesGoal {
                        excesses.append(
                            "memory: \(bytes.shown(digits: 0)) bytes a process, at most "
                                + Self.bytesGoal.shown(digits: 0))
                    }
                    costs += try await self.measure(backend, stores)
                }
            }
        }
        await loops.shutdown()
        let growth = self.growth(of: costs)
        let tables = self.tables(of: costs) + [growth.table, sizes.text]
        print(tables.filter { !$0.isEmpty }.joined(separator: "\n"), terminator: "")
        if let path = self.options.jsonPath { try TextFile.write(Self.json(costs), to: path) }
        return excesses + growth.excesses
    }

    /// Has stores take turns, operation by operation.
    private func measure(_ backend: StoreKind, _ stores: [FilledStore]) async throws -> [Cost] {
        var meters = Array(
            repeating: Array(repeating: LatencyMeter(), count: stores.count), count: self.options.operations.count)
        for store in stores {
            for operation in self.options.operations {
                var ignored = LatencyMeter()
                for _ in 0..<operation.runs(of: Self.warmUp) { try await store.run(operation, &ignored) }
            }
        }
        for round in 1...self.options.rounds {
            Progress.show("\(backend.rawValue): round \(round) of \(self.options.rounds)")
            for (row, operation) in self.options.operations.enumerated() {
                for (column, store) in stores.enumerated() {
                    for _ in 0..<operation.runs(of: self.options.samples) {
                        try await store.run(operation, &meters[row][column])
                    }
                }
            }
        }
        Progress.clear()
        return zip(self.options.operations, meters).flatMap { operation, meters in
            zip(stores, meters).map { store, meter in
                Cost(
                    backend: backend, operation: operation, size: store.size, bytesPerProcess: store.bytesPerProcess,
                    latencies: meter.latencies)
            }
        }
    }

    /// Opens a store of each size, one inside the other, and runs a body with all of them.
    private func withStores(
        _ backend: StoreKind, on loops: EventLoopGroup, of sizes: ArraySlice<Int>, after opened: [FilledStore] = [],
        _ body: ([FilledStore]) async throws -> Void
    ) async throws {
        guard let size = sizes.first else { return try await body(opened) }
        Progress.show("\(backend.rawValue): filling a store with \(size.grouped)")
        try await backend.withStore(of: size, on: loops) { store in
            try await self.withStores(backend, on: loops, of: sizes.dropFirst(), after: opened + [store], body)
        }
    }

    // MARK: What came of it

    /// A table for each store, with a column for each size.
    private func tables(of costs: [Cost]) -> [String] {
        self.options.backends.map { backend in
            var table = MarkdownTable(
                ["\(backend.rawValue): µs, median · p90 · p99"] + self.options.sizes.map(\.grouped))
            for operation in self.options.operations {
                let mine = costs.filter { $0.backend == backend && $0.operation == operation }
                table.add(
                    [operation.rawValue]
                        + mine.map { cost in
                            [0.5, 0.9, 0.99].map { share in
                                let time = cost.latencies.percentile(share)
                                return time < 100 ? time.shown(digits: 1) : Int(time.rounded()).grouped
                            }.joined(separator: " · ")
                        })
            }
            return table.text
        }
    }

    /// Compares the largest store with the one of ``reference`` processes, or the smallest.
    private func growth(of costs: [Cost]) -> (table: String, excesses: [String]) {
        let largest = self.options.sizes[self.options.sizes.count - 1]
        let small = self.options.sizes.contains(Self.reference) ? Self.reference : self.options.sizes[0]
        guard small < largest else { return ("", []) }
        var table = MarkdownTable(
            ["median at \(largest.grouped) ÷ at \(small.grouped)"] + self.options.backends.map(\.rawValue))
        var excesses: [String] = []
        for operation in self.options.operations {
            var cells = [operation.rawValue]
            for backend in self.options.backends {
                let mine = costs.filter { $0.backend == backend && $0.operation == operation }
                guard let few = mine.first(where: { $0.size == small })?.latencies.percentile(0.5),
                    let many = mine.first(where: { $0.size == largest })?.latencies.percentile(0.5)
                else { continue }
                let ratio = many / few
                cells.append(ratio.shown(digits: 2))
                if ratio > Self.ratioGoal {
                    excesses.append(
                        "\(backend.rawValue), \(operation.rawValue): \(ratio.shown(digits: 2)) times the cost, "
                            + "at most \(Self.ratioGoal.shown(digits: 1))")
                }
            }
            table.add(cells)
        }
        return (table.text, excesses)
    }

    /// The costs as charts are drawn from them.
    private static func json(_ costs: [Cost]) -> String {
        let lines = costs.map { cost in
            let times = [("p50_us", 0.5), ("p90_us", 0.9), ("p99_us", 0.99)].map { name, share in
                "\"\(name)\": \(cost.latencies.percentile(share).shown(digits: 3))"
            }
            return """
                {"backend": "\(cost.backend.rawValue)", "operation": "\(cost.operation.rawValue)", \
                "size": \(cost.size), "bytes_each": \(cost.bytesPerProcess.shown(digits: 0)), \
                \(times.joined(separator: ", ")), "count": \(cost.latencies.count)}
                """
        }
        return "[\n\(lines.joined(separator: ",\n"))\n]\n"
    }
}
