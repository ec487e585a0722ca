import Glibc

/// How many cores this process may use.
public enum ProcessorCount {
    /// The number of cores in the affinity mask, which containers and `taskset` narrow; at least 1.
    ///
    /// The mask is read from `/proc`, since `sched_getaffinity` is hidden from Swift; without it, all cores count.
    public static var available: Int {
        if case .success(let bytes) = FileText.read("/proc/self/status", limit: 1 << 16),
            let count = Self.count(inStatus: String(decoding: bytes, as: UTF8.self))
        {
            return count
        }
        return max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// The number of bits in the line `Cpus_allowed:	f,ffffffff`; nil where there is no such line.
    static func count(inStatus text: String) -> Int? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") }) else { return nil }
        let digits = line.dropFirst("Cpus_allowed:".count).compactMap(\.hexDigitValue)
        let count = digits.reduce(0) { $0 + $1.nonzeroBitCount }
        return count > 0 ? count : nil
    }
}
