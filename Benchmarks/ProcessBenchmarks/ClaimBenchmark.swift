internal import EventLoop
internal import ProcessCore

/// What one claim costs in stores of different sizes, which take turns so that a noisy neighbour hits all of them.
///
/// Behind each claim, unmeasured, the process is completed and a new one started: what waits stays as many.
struct ClaimBenchmark {
    /// The largest store's median may be so many times the smallest one's.
    static let goal = 2.0
    /// Claims that are not counted, before the first turn of each store.
    private static let warmUp = 50

    private let options: BenchmarkOptions

    init(_ options: BenchmarkOptions) {
        self.options = options
    }

    /// Measures, and prints what came of it.
    ///
    /// - Returns: Whether every store met the goal.
    func run() async throws -> Bool {
        let loops = try await EventLoopGroup(count: 1)
        var costs = MarkdownTable(["store", "finished", "waiting", "median µs", "p90", "p99", "claims"])
        var ratios = MarkdownTable(["claim, largest store ÷ smallest", "here", "goal"])
        var isGood = true
        for backend in self.options.backends {
            // As in the service, everything runs on an event loop.
            let latencies = try await withTaskExecutorPreference(loops.loops[0]) {
                try await self.measure(backend, on: loops)
            }
            for (size, latencies) in zip(self.options.sizes, latencies) {
                costs.add(
                    [backend.rawValue, size.grouped, Self.waiting(size).grouped]
                        + [0.5, 0.9, 0.99].map { latencies.percentile($0).shown(digits: 1) } + [latencies.count.grouped]
                )
            }
            guard latencies.count > 1 else { continue }
            let ratio = latencies[latencies.count - 1].percentile(0.5) / latencies[0].percentile(0.5)
            ratios.add([backend.rawValue, ratio.shown(digits: 2), "≤ \(Self.goal.shown(digits: 0))"])
            if ratio > Self.goal { isGood = false }
        }
        await loops.shutdown()
        print(costs.text)
        if self.options.sizes.count > 1 { print(ratios.text) }
        return isGood
    }

    private static func waiting(_ finished: Int) -> Int { max(1, finished / 10) }

    /// Fills a store of each size, and has them take turns.
    private func measure(_ backend: StoreKind, on loops: EventLoopGroup) async throws -> [Latencies] {
        var latencies = Array(repeating: Latencies(), count: self.options.sizes.count)
        try await self.withStores(backend, on: loops, of: self.options.sizes[...]) { stores in
            for store in stores { _ = try await self.claim(Self.warmUp, from: store) }
            for round in 0..<self.options.rounds {
                Progress.show("\(backend.rawValue): round \(round + 1) of \(self.options.rounds)")
                for (place, store) in stores.enumerated() {
                    for nanoseconds in try await self.claim(self.options.samples, from: store) {
                        latencies[place].add(nanoseconds)
                    }
                }
            }
            Progress.clear()
        }
        return latencies
    }

    /// Opens a store of each size, one inside the other, and runs a body with all of them.
    private func withStores(
        _ backend: StoreKind, on loops: EventLoopGroup, of sizes: ArraySlice<Int>, after opened: [StoreFilling] = [],
        _ body: ([StoreFilling]) async throws -> Void
    ) async throws {
        guard let size = sizes.first else { return try await body(opened) }
        try await backend.withStore(on: loops) { repository in
            let store = StoreFilling(repository: repository, name: "\(backend.rawValue) with \(size.grouped)")
            try await store.fill(finished: size, waiting: Self.waiting(size))
            try await self.withStores(backend, on: loops, of: sizes.dropFirst(), after: opened + [store], body)
        }
    }

    /// Claims one process after the other.
    ///
    /// - Returns: The nanoseconds each claim took.
    private func claim(_ count: Int, from store: StoreFilling) async throws -> [UInt64] {
        let request = ClaimRequest(queues: [StoreFilling.queue], claim: ProcessClaim(worker: "host-1"))
        var nanoseconds: [UInt64] = []
        for _ in 0..<count {
            let start = MonotonicInstant.now
            let claimed = try await store.repository.claim(request)
            nanoseconds.append(MonotonicInstant.now.nanoseconds(since: start))
            guard let record = claimed.first else { throw StoreFilling.Surprise(description: "nothing was due") }

            let now = store.repository.now()
            let done = try ProcessTransition(.complete(result: nil), attempt: record.attempt, at: now).apply(to: record)
            let outcome = try await store.repository.replace(
                done.record, ifRevision: record.revision, notBefore: nil)
            guard outcome == .replaced else {
                throw StoreFilling.Surprise(description: "a completion came to \(outcome)")
            }
            try await store.insert(StoreFilling.process(at: now, isFinished: false))
        }
        return nanoseconds
    }
}
