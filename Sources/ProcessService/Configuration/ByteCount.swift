/// A size in bytes, as people write it.
enum ByteCount {
    private static let units: [(name: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000),
    ]

    /// What `parse` reads, in words.
    static let allowed = "a number of bytes, or one with KiB, MiB, GiB, kB, MB or GB behind it"

    /// Reads `1048576`, `1MiB`, `1MB`. Capitals matter: `Mb` may be bits, and `K` may be either of two things.
    static func parse(_ text: String) -> Int? {
        let unit = Self.units.first { text.hasSuffix($0.name) }
        let digits = text.dropLast(unit?.name.count ?? 0)
        guard let number = WholeNumber.parse(digits) else { return nil }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: unit?.bytes ?? 1)
        return overflows ? nil : bytes
    }
}

/// A number in plain digits.
enum WholeNumber {
    /// Reads digits without sign, blanks or separators; nil for anything else and for what is too large.
    static func parse(_ text: some StringProtocol) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }
}
