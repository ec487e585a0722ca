internal import Glibc

/// Measures the repositories alone, without HTTP in front of them.
@main
enum ProcessBenchmarks {
    static let usage = """
        Usage: ProcessBenchmarks cost [options]
               ProcessBenchmarks counts [options]

        cost measures what operations take while more and more processes are in the store; stores of different sizes take turns.

          --backends LIST     memory, sqlite, redis, separated by commas (all of them)
          --operations LIST   \(StoreOperation.allCases.map(\.rawValue).joined(separator: ", ")) (all of them)
          --sizes LIST        how many processes are in each store, 1000 or more (1000,10000,100000,1000000)
          --rounds N          how often each store has its turn (10)
          --samples N         runs of a short operation in each turn; of a list, a cleanup or a read a quarter (100)
          --json PATH         write what was measured for a chart, too
          --check             exit 1 where the largest store's median is more than 1.5 times that of the one with 10,000,
                              or a process in memory takes more than 700 bytes

        counts tells what operations do, in numbers that do not depend on how busy the machine is.

          --backends LIST, --operations LIST as above
          --check             compare with the baseline, and exit 1 where a number has risen
          --update            write the baseline anew
          --baseline PATH     where it is (Benchmarks/baseline.txt)

        """

    static func main() async {
        let options: BenchmarkOptions
        do throws(BenchmarkOptions.Mistake) {
            options = try BenchmarkOptions(Array(CommandLine.arguments.dropFirst()))
        } catch {
            Progress.say("\(error.description)\n\n\(self.usage)")
            exit(2)
        }
        do {
            switch options.command {
            case .cost:
                let excesses = try await CostBenchmark(options).run()
                for excess in excesses { Progress.say("Beyond its goal: \(excess)\n") }
                if options.checks, !excesses.isEmpty { exit(1) }
            case .counts:
                if try await !CountsBenchmark(options).run() { exit(1) }
            }
        } catch {
            Progress.say("failed: \(error)\n")
            exit(1)
        }
    }
}
