internal import ProcessCore

/// A line such as `::progress 0.4 rendering` or `::progress 42/100 page 42`, by which a handler says how far it is.
enum ProgressLine {
    private static let mark = [UInt8]("::progress".utf8)

    /// Reads a line.
    ///
    /// - Parameter line: The line, with or without its end.
    /// - Returns: What it says; nil where it is none of these, and so for people to read.
    static func read(_ line: [UInt8]) -> ProgressReport? {
        guard line.starts(with: Self.mark) else { return nil }
        var rest = line[Self.mark.count...]
        let hasBlank = rest.first.map(Self.isBlank) ?? false
        guard hasBlank else { return nil }
        rest = rest.drop(while: Self.isBlank)
        let word = rest.prefix { !Self.isBlank($0) }
        guard let numbers = Self.numbers(String(decoding: word, as: UTF8.self)) else { return nil }
        return ProgressReport(numbers: numbers, message: LastLine.message(of: Array(rest[word.endIndex...])))
    }

    private static func numbers(_ word: String) -> ProgressReport.Numbers? {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        switch parts.count {
        case 1:
            guard let fraction = Self.number(parts[0]), fraction <= 1 else { return nil }
            return .fraction(fraction)
        case 2:
            guard let done = Self.number(parts[0]), let total = Self.number(parts[1]) else { return nil }
            return .units(done: done, total: total)
        default: return nil
        }
    }

    /// A number of 0 or more, in digits with or without a point: what `Double` takes besides, such as `nan` and `0x1`, is
    /// meant for nobody here.
    private static func number(_ text: Substring) -> Double? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".") }),
            let number = Double(text), number.isFinite
        else { return nil }
        return number
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte)
    }
}
