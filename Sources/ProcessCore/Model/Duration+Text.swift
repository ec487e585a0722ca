/// Why a text is not a length of time that this service takes.
public enum DurationError: Error, Equatable, Sendable {
    /// It is neither a number nor a number with a unit.
    case malformed
    /// It is below zero.
    case negative
    /// It is zero, or rounds to zero, where some time is needed.
    case zero
    /// It is longer than `Duration.longest`.
    case tooLong

    /// What is wrong, to be read after the name of a field or setting: "must not be negative".
    public var reason: String {
        switch self {
        case .malformed: "must be a number of seconds or a text such as 250ms, 30s, 5m, 24h or 7d"
        case .negative: "must not be negative"
        case .zero: "must be at least 1ms"
        case .tooLong: "must not be longer than 36500d"
        }
    }
}

extension Duration {
    /// The longest duration the service takes: 36500 days, a hundred years.
    public static let longest: Duration = .milliseconds(longestMilliseconds)

    private static let longestMilliseconds: Int64 = 36500 * 86_400_000

    /// Whole milliseconds, what is finer cut off; the nearest `Int64` where it goes beyond.
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (product, productOverflows) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, sumOverflows) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return productOverflows || sumOverflows ? (seconds < 0 ? .min : .max) : sum
    }

    /// Reads a duration as people write it: `250ms`, `30s`, `5m`, `24h`, `7d`, decimals such as `1.5h`, or bare seconds
    /// such as `30`. No blanks, no signs, no capitals.
    ///
    /// The service keeps milliseconds: what is finer is rounded to the nearest one. Some time that would round to none is
    /// `zero`, even where zero is allowed.
    ///
    /// - Parameters:
    ///   - text: The duration.
    ///   - zeroAllowed: Whether no time at all is allowed.
    /// - Throws: `DurationError`.
    public init(parsing text: String, zeroAllowed: Bool = false) throws(DurationError) {
        var text = text
        let result = text.withUTF8 { buffer in
            let utf8 = UnsafeRawBufferPointer(buffer)
            return Result { () throws(DurationError) in try Duration(parsing: utf8, zeroAllowed: zeroAllowed) }
        }
        self = try result.get()
    }

    private init(parsing text: UnsafeRawBufferPointer, zeroAllowed: Bool) throws(DurationError) {
        let numberEnd = text.lastIndex(where: { JSONScanner.isDigit($0) }).map { $0 + 1 } ?? 0
        let unit = text[numberEnd...]
        let millisecondsInUnit: UInt64
        switch (unit.count, unit.first, unit.last) {
        case (2, UInt8(ascii: "m"), UInt8(ascii: "s")): millisecondsInUnit = 1
        case (0, _, _), (1, UInt8(ascii: "s"), _): millisecondsInUnit = 1000
        case (1, UInt8(ascii: "m"), _): millisecondsInUnit = 60_000
        case (1, UInt8(ascii: "h"), _): millisecondsInUnit = 3_600_000
        case (1, UInt8(ascii: "d"), _): millisecondsInUnit = 86_400_000
        default: throw .malformed
        }
        let digits = UnsafeRawBufferPointer(rebasing: text[..<numberEnd])
        guard let number = DecimalNumber(digits, exponentAllowed: false) else { throw .malformed }
        try self.init(number, times: millisecondsInUnit, zeroAllowed: zeroAllowed)
    }

    /// Reads a JSON number of seconds.
    init(parsingSeconds text: UnsafeRawBufferPointer, zeroAllowed: Bool) throws(DurationError) {
        guard let number = DecimalNumber(text) else { throw .malformed }
        try self.init(number, times: 1000, zeroAllowed: zeroAllowed)
    }

    private init(_ number: DecimalNumber, times unit: UInt64, zeroAllowed: Bool) throws(DurationError) {
        if number.isNegative && number.significand != 0 { throw .negative }
        guard let milliseconds = number.magnitude(times: unit), milliseconds <= UInt64(Self.longestMilliseconds) else {
            throw .tooLong
        }
        if milliseconds == 0 && (!zeroAllowed || number.significand != 0) { throw .zero }
        self = .milliseconds(Int64(milliseconds))
    }

    /// The duration as the API shows it, and as `init(parsing:)` reads it: a whole number of the largest unit of `d`, `h`,
    /// `m`, `s`, `ms` in which it is one, but `24h` for one day and `60s` for one minute. What is finer than a millisecond
    /// is cut off.
    public var text: String {
        let (number, unit) = self.textParts
        return "\(number)\(unit)"
    }

    /// The number and the unit of `text`.
    var textParts: (number: Int64, unit: StaticString) {
        let milliseconds: Int64 = self.milliseconds
        switch milliseconds {
        case 0: return (0, "s")
        case 60_000: return (60, "s")
        case 86_400_000: return (24, "h")
        case _ where milliseconds % 86_400_000 == 0: return (milliseconds / 86_400_000, "d")
        case _ where milliseconds % 3_600_000 == 0: return (milliseconds / 3_600_000, "h")
        case _ where milliseconds % 60_000 == 0: return (milliseconds / 60_000, "m")
        case _ where milliseconds % 1000 == 0: return (milliseconds / 1000, "s")
        default: return (milliseconds, "ms")
        }
    }
}
