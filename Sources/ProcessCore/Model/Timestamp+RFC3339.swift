// The calendar arithmetic (days to a date and back, in eras of 400 years that begin in March) follows Howard Hinnant,
// "chrono-Compatible Low-Level Date Algorithms": https://howardhinnant.github.io/date_algorithms.html

extension Timestamp: CustomStringConvertible {
    /// The first instant that has a text: 0000-01-01T00:00:00.000Z.
    public static let earliestWritable = Timestamp(milliseconds: -62_167_219_200_000)

    /// The last instant that has a text: 9999-12-31T23:59:59.999Z.
    public static let latestWritable = Timestamp(milliseconds: 253_402_300_799_999)

    /// Reads a time by RFC 3339, strictly, with any offset.
    ///
    /// What is finer than a millisecond is cut off. A leap second (23:59:60 in UTC) is the start of the next second.
    ///
    /// The result is nil where `text` is something else, names a day that does not exist, or lies outside of the years
    /// 0000 to 9999 in UTC.
    ///
    /// - Parameter text: A time such as `2026-11-08T10:00:00Z` or `2026-11-08t11:00:00.25+01:00`.
    public init?(rfc3339 text: String) {
        var text = text
        let milliseconds = text.withUTF8 { RFC3339Reader.milliseconds(in: UnsafeRawBufferPointer($0)) }
        guard let milliseconds else { return nil }
        self.init(milliseconds: milliseconds)
    }

    /// The time by RFC 3339 in UTC with milliseconds: `2026-11-08T10:00:00.000Z`. An instant outside of the years 0000 to
    /// 9999 is shown as the nearest inside.
    public var rfc3339: String {
        String(unsafeUninitializedCapacity: Self.textLength) { buffer in
            if let base = buffer.baseAddress { self.writeText(to: base) }
            return Self.textLength
        }
    }

    /// The same as `rfc3339`.
    public var description: String { self.rfc3339 }

    /// The length of every text in bytes.
    static let textLength = 24

    /// Writes the text to memory with room for `textLength` bytes.
    func writeText(to target: UnsafeMutablePointer<UInt8>) {
        let shown = min(max(self, .earliestWritable), .latestWritable).milliseconds - Self.earliestWritable.milliseconds
        // Counted from the year 0 nothing is negative, and 32 bits are enough for what follows: half the time.
        let (days, rest) = UInt64(bitPattern: shown).quotientAndRemainder(dividingBy: 86_400_000)
        let date = CivilDate(daysSinceYearZero: UInt32(truncatingIfNeeded: days))
        let year = UInt32(truncatingIfNeeded: date.year)
        let time = UInt32(truncatingIfNeeded: rest)
        let seconds = time / 1000
        let minutes = seconds / 60
        let milliseconds = time &- seconds &* 1000
        Self.writePair(year / 100, to: target)
        Self.writePair(year % 100, to: target + 2)
        target[4] = UInt8(ascii: "-")
        Self.writePair(UInt32(truncatingIfNeeded: date.month), to: target + 5)
        target[7] = UInt8(ascii: "-")
        Self.writePair(UInt32(truncatingIfNeeded: date.day), to: target + 8)
        target[10] = UInt8(ascii: "T")
        Self.writePair(minutes / 60, to: target + 11)
        target[13] = UInt8(ascii: ":")
        Self.writePair(minutes % 60, to: target + 14)
        target[16] = UInt8(ascii: ":")
        Self.writePair(seconds % 60, to: target + 17)
        target[19] = UInt8(ascii: ".")
        Self.writePair(milliseconds / 10, to: target + 20)
        target[22] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: milliseconds % 10)
        target[23] = UInt8(ascii: "Z")
    }

    /// Writes a number below 100 as two digits.
    @inline(__always)
    private static func writePair(_ value: UInt32, to target: UnsafeMutablePointer<UInt8>) {
        let tens = (value &* 103) &>> 10  // a division by 10 that is exact up to 178
        target[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: tens)
        target[1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value &- tens &* 10)
    }
}

/// A date of the Gregorian calendar, continued backwards to the year 0.
struct CivilDate: Equatable {
    let year: Int
    let month: Int
    let day: Int

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The date a number of days after 0000-01-01.
    init(daysSinceYearZero: UInt32) {
        // An era begins on 0000-03-01, sixty days later. One more era keeps January and February of the year 0 positive.
        let days = daysSinceYearZero &+ 146_097 &- 60
        let era = days / 146_097
        let dayOfEra = days &- era &* 146_097
        let yearOfEra = (dayOfEra &- dayOfEra / 1460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
        let monthFromMarch = (5 &* dayOfYear &+ 2) / 153
        self.day = Int(dayOfYear &- (153 &* monthFromMarch &+ 2) / 5 &+ 1)
        self.month = Int(monthFromMarch < 10 ? monthFromMarch &+ 3 : monthFromMarch &- 9)
        self.year = Int(yearOfEra) &+ Int(era) &* 400 &- 400 &+ (self.month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01, negative before.
    var daysSince1970: Int {
        let yearFromMarch = self.year + 400 - (self.month <= 2 ? 1 : 0)
        let era = yearFromMarch / 400
        let yearOfEra = yearFromMarch % 400
        let monthFromMarch = self.month > 2 ? self.month - 3 : self.month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + self.day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (era - 1) * 146_097 + dayOfEra - 719_468
    }

    /// Whether there is such a day.
    var exists: Bool {
        guard self.day >= 1 else { return false }
        let isLeapYear = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0)
        switch self.month {
        case 1, 3, 5, 7, 8, 10, 12: return self.day <= 31
        case 4, 6, 9, 11: return self.day <= 30
        case 2: return self.day <= (isLeapYear ? 29 : 28)
        default: return false
        }
    }
}

/// Reads the one form of text that RFC 3339 allows.
private struct RFC3339Reader {
    private let text: UnsafeRawBufferPointer
    private var position = 0

    static func milliseconds(in text: UnsafeRawBufferPointer) -> Int64? {
        var reader = RFC3339Reader(text: text)
        return reader.read()
    }

    private init(text: UnsafeRawBufferPointer) {
        self.text = text
    }

    private mutating func read() -> Int64? {
        guard let century = self.readPair(), let yearOfCentury = self.readPair(), self.skip("-"),
            let month = self.readPair(), self.skip("-"), let day = self.readPair(), self.skip("T") || self.skip("t"),
            let hour = self.readPair(), hour < 24, self.skip(":"),
            let minute = self.readPair(), minute < 60, self.skip(":"),
            let second = self.readPair(), second <= 60,
            let fraction = self.readFraction(), let offset = self.readOffset(), self.position == self.text.count
        else { return nil }
        let date = CivilDate(year: century * 100 + yearOfCentury, month: month, day: day)
        guard date.exists else { return nil }

        let minutes = date.daysSince1970 * 1440 + hour * 60 + minute - offset
        var milliseconds = minutes * 60_000 + second * 1000 + fraction
        if second == 60 {
            let minuteOfDay = (minutes % 1440 + 1440) % 1440
            guard minuteOfDay == 1439 else { return nil }
            milliseconds -= fraction
        }
        let timestamp = Timestamp(milliseconds: Int64(milliseconds))
        guard timestamp >= .earliestWritable, timestamp <= .latestWritable else { return nil }
        return timestamp.milliseconds
    }

    private var next: UInt8 { self.position < self.text.count ? self.text[self.position] : 0 }

    private mutating func readDigit() -> Int? {
        guard JSONScanner.isDigit(self.next) else { return nil }
        defer { self.position += 1 }
        return Int(self.next - UInt8(ascii: "0"))
    }

    private mutating func readPair() -> Int? {
        guard let tens = self.readDigit(), let ones = self.readDigit() else { return nil }
        return tens * 10 + ones
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard self.next == UInt8(ascii: character) else { return false }
        self.position += 1
        return true
    }

    /// The fraction in milliseconds, 0 where there is none, nil where a point has no digits after it.
    private mutating func readFraction() -> Int? {
        guard self.skip(".") else { return 0 }
        guard let first = self.readDigit() else { return nil }
        var milliseconds = first * 100
        var worth = 10
        while let digit = self.readDigit() {
            milliseconds += digit * worth
            worth /= 10
        }
        return milliseconds
    }

    /// Minutes ahead of UTC.
    private mutating func readOffset() -> Int? {
        if self.skip("Z") || self.skip("z") { return 0 }
        let isBehind = self.next == UInt8(ascii: "-")
        guard self.skip("+") || self.skip("-"), let hour = self.readPair(), hour < 24, self.skip(":"),
            let minute = self.readPair(), minute < 60
        else { return nil }
        return (hour * 60 + minute) * (isBehind ? -1 : 1)
    }
}
