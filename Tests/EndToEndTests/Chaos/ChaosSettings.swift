import Glibc

/// How large the chaos runs are, and what else may be said about them in the environment.
enum ChaosSettings {
    /// The processes of each run; `make chaos` asks for more than `make test`.
    static let count = Self.number("CHAOS_PROCESSES") ?? 200
    /// Whether this is the long form, which may take 5 minutes and says how far it is.
    static let isLong = Self.count > 1000
    /// How long processes may be started.
    static let budget: Duration = Self.isLong ? .seconds(200) : .seconds(30)
    /// `CHAOS_SEED` repeats the choices of an earlier run.
    static let seed: UInt64 = Self.text("CHAOS_SEED").flatMap { UInt64($0) } ?? .random(in: 0 ... .max)

    /// Where the history of a failed run is written to.
    static func historyPath(_ name: String) -> String {
        let folder = Self.text("CHAOS_HISTORY") ?? Self.text("TMPDIR") ?? "/tmp"
        return "\(folder)/chaos-\(name)-\(Self.seed).log"
    }

    private static func number(_ name: String) -> Int? { Self.text(name).flatMap { Int($0) } }

    private static func text(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
