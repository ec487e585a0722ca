internal import CCounters
internal import EventLoop

/// What each operation does, in counts that do not wobble, and whether that is what it did before.
struct CountsBenchmark {
    /// Enough for what is to be counted, and filled at once.
    private static let size = 2000
    /// Runs that are not counted: what is prepared once, and lists that grow to their size.
    private static let warmUp = 50
    private static let runs = 100

    private let options: BenchmarkOptions

    init(_ options: BenchmarkOptions) {
        self.options = options
    }

    /// Whether this build asks for as much memory as the one that ships.
    private static var isOptimized: Bool {
        var isOptimized = true
        assert(
            {
                isOptimized = false
                return true
            }())
        return isOptimized
    }

    /// Counts, prints what came of it, and writes or compares the baseline where that was asked for.
    ///
    /// - Returns: Whether nothing has become more.
    func run() async throws -> Bool {
        guard counters_work() else {
            throw TextFile.Failure(description: "nothing can be counted in a sanitized build")
        }
        counters_begin()
        var counted = CountBaseline()
        let loops = try await EventLoopGroup(count: 1)
        for backend in self.options.backends {
            for operation in self.options.operations {
                let row = CountBaseline.Row(backend: backend, operation: operation)
                try await withTaskExecutorPreference(loops.loops[0]) {
                    // A store for each, since what one leaves may change what another finds.
                    try await backend.withStore(of: Self.size, on: loops) { store in
                        counted.numbers[row] = try await Self.counts(of: operation, in: store, on: backend)
                    }
                }
            }
        }
        await loops.shutdown()
        print(self.table(of: counted))
        if !Self.isOptimized { print("Allocations are counted in a release build only.") }
        if self.options.updates {
            guard Self.isOptimized else {
                throw TextFile.Failure(description: "a baseline is written by a release build: swift run -c release …")
            }
            var baseline = (try? CountBaseline(TextFile.read(self.options.baselinePath))) ?? CountBaseline()
            baseline.take(counted)
            try TextFile.write(baseline.text, to: self.options.baselinePath)
        }
        return try self.options.checks ? self.compare(counted) : true
    }

    private static func counts(
        of operation: StoreOperation, in store: FilledStore, on backend: StoreKind
    ) async throws -> [OperationCount: Int] {
        var ignored = CountMeter()
        for _ in 0..<operation.runs(of: Self.warmUp) { try await store.run(operation, &ignored) }
        var meter = CountMeter()
        for _ in 0..<operation.runs(of: Self.runs) { try await store.run(operation, &meter) }
        var commands: RedisCommandMeter?
        if let server = store.server {
            var monitored = RedisCommandMeter(server)
            try await store.run(operation, &monitored)
            commands = monitored
        }
        var counts: [OperationCount: Int] = [:]
        for count in OperationCount.kinds(of: backend) {
            switch count {
            case .roundTrips: counts[count] = meter.median(\.sends)
            case .commands: counts[count] = commands?.sent
            case .commandsInScripts: counts[count] = commands?.inScripts
            case .statements: counts[count] = meter.median(\.statements)
            case .syncs: counts[count] = meter.median(\.syncs)
            case .allocations: counts[count] = Self.isOptimized ? meter.median(\.allocations) : nil
            }
        }
        return counts
    }

    private func table(of counted: CountBaseline) -> String {
        var table = MarkdownTable(["store, operation"] + OperationCount.allCases.map(\.rawValue))
        for backend in self.options.backends {
            for operation in self.options.operations {
                let numbers = counted.numbers[CountBaseline.Row(backend: backend, operation: operation)] ?? [:]
                table.add(
                    ["\(backend.rawValue), \(operation.rawValue)"]
                        + OperationCount.allCases.map { numbers[$0].map(String.init) ?? "" })
            }
        }
        return table.text
    }

    private func compare(_ counted: CountBaseline) throws -> Bool {
        let baseline = try CountBaseline(TextFile.read(self.options.baselinePath))
        let differences = baseline.differences(of: counted)
        let more = differences.filter(\.isMore)
        if !more.isEmpty {
            Progress.say("More than before:\n")
            for difference in more { Progress.say("  \(difference.description)\n") }
            Progress.say(
                "If that is what it takes, write the baseline anew, and say why in the commit: make counts ARGS=--update\n"
            )
        }
        let less = differences.filter { !$0.isMore }
        if !less.isEmpty {
            Progress.say("Less than before; keep it with make counts ARGS=--update:\n")
            for difference in less { Progress.say("  \(difference.description)\n") }
        }
        if differences.isEmpty { Progress.say("As in \(self.options.baselinePath).\n") }
        return more.isEmpty
    }
}
