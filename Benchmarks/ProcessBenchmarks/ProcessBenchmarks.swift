internal import Glibc

/// Measures the repositories alone, without HTTP in front of them.
@main
enum ProcessBenchmarks {
    static let usage = """
        Usage: ProcessBenchmarks claim [options]

        Measures what a claim costs while more and more processes are in the store, the large store and the small one in turn.

          --backends LIST   memory, sqlite, redis, separated by commas (all of them)
          --sizes LIST      how many finished processes are in each store; a tenth as many wait (1000,1000000)
          --rounds N        how often each store has its turn (10)
          --samples N       claims in each turn (200)
          --check           exit 1 where the largest store's median is more than twice the smallest one's

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
            let isGood = try await ClaimBenchmark(options).run()
            if options.checks, !isGood { exit(1) }
        } catch {
            Progress.say("failed: \(error)\n")
            exit(1)
        }
    }
}
