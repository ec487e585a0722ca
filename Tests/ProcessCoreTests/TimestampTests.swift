import ProcessCore
import Testing

@Suite("A timestamp")
struct TimestampTests {
    @Test(
        "is read from RFC 3339",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.001Z", 1), ("1969-12-31T23:59:59.999Z", -1),
            ("1969-07-20T20:17:40Z", -14_182_940_000), ("2000-02-29T12:00:00Z", 951_825_600_000),
            ("2001-09-09T01:46:40Z", 1_000_000_000_000), ("2026-11-08T10:00:00.000Z", 1_794_132_000_000),
            ("2026-11-08t10:00:00z", 1_794_132_000_000), ("2026-11-08T11:00:00+01:00", 1_794_132_000_000),
            ("2026-11-08T00:30:00-09:30", 1_794_132_000_000), ("2026-11-09T09:59:00+23:59", 1_794_132_000_000),
            ("2026-11-08T10:00:00-00:00", 1_794_132_000_000), ("2026-11-08T10:00:00.1Z", 1_794_132_000_100),
            ("2026-11-08T10:00:00.1239Z", 1_794_132_000_123),
            ("2026-11-08T10:00:00.123456789012345678901234567890Z", 1_794_132_000_123),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000), ("2016-12-31T23:59:60.999Z", 1_483_228_800_000),
            ("2017-01-01T05:29:60+05:30", 1_483_228_800_000), ("2100-02-28T23:59:59Z", 4_107_542_399_000),
            ("2100-03-01T00:00:00Z", 4_107_542_400_000), ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("0000-02-29T00:00:00Z", -62_162_121_600_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] as [(String, Int64)])
    func reading(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(
        "is not read from anything else",
        arguments: [
            "", "2026-11-08", "2026-11-08T10:00Z", "2026-11-08T10:00:00", "2026-11-08 10:00:00Z",
            "2026-11-08T10:00:00 Z",
            " 2026-11-08T10:00:00Z", "2026-11-08T10:00:00Z ", "2026-11-08T10:00:00ZZ", "2026-11-08T10:00:00.Z",
            "2026-11-08T10:00:00,5Z", "2026-11-08T24:00:00Z", "2026-11-08T10:60:00Z", "2026-11-08T10:00:61Z",
            "2026-11-08T10:00:60Z", "2026-12-31T23:59:60+01:00", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2000-02-30T00:00:00Z", "20261108T100000Z",
            "26-11-08T10:00:00Z", "+2026-11-08T10:00:00Z", "-2026-11-08T10:00:00Z", "12026-11-08T10:00:00Z",
            "2026-11-08T10:00:00+0100", "2026-11-08T10:00:00+1:00", "2026-11-08T10:00:00+24:00",
            "2026-11-08T10:00:00+01:60", "2026-11-08T10:00:00+01", "2026-11-08T10:00:00+-1:00",
            "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:60Z", "9999-12-31T23:59:59-00:01", "２026-11-08T10:00:00Z",
            "2026-11-08T10:00:00Z\0", "now",
        ])
    func refusals(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(
        "is written with milliseconds in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_825_600_000, "2000-02-29T12:00:00.000Z"), (1_794_132_000_042, "2026-11-08T10:00:00.042Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (-62_162_035_200_000, "0000-03-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (.max, "9999-12-31T23:59:59.999Z"), (.min, "0000-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func writing(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
        #expect("\(Timestamp(milliseconds: milliseconds))" == text)
    }

    @Test("of the days around the end of each month from 0000 to 9999 reads back as itself")
    func calendar() throws {
        var year = 0
        var month = 1
        var day = 1
        var milliseconds = Timestamp.earliestWritable.milliseconds
        func padded(_ number: Int, to width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: width - digits.count) + digits
        }
        while year < 10_000 {
            if day == 1 || day >= 28 {
                let date = "\(padded(year, to: 4))-\(padded(month, to: 2))-\(padded(day, to: 2))"
                let timestamp = Timestamp(milliseconds: milliseconds + 45_296_789)
                let text = "\(date)T12:34:56.789Z"
                guard timestamp.rfc3339 == text, Timestamp(rfc3339: text) == timestamp else {
                    Issue.record("\(text) is written \(timestamp.rfc3339)")
                    return
                }
            }
            milliseconds += 86_400_000
            day += 1
            let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(milliseconds == Timestamp.latestWritable.milliseconds + 1)
    }

    @Test("moves by durations and never traps")
    func arithmetic() {
        let start = Timestamp(milliseconds: 1000)
        #expect(start + .seconds(1) == Timestamp(milliseconds: 2000))
        #expect(start - .seconds(2) == Timestamp(milliseconds: -1000))
        #expect(start.advanced(by: .milliseconds(-1)) == Timestamp(milliseconds: 999))
        #expect(start + .microseconds(1999) == Timestamp(milliseconds: 1001))
        #expect(Timestamp(milliseconds: 2500) - start == .milliseconds(1500))
        #expect(start - Timestamp(milliseconds: 2500) == .milliseconds(-1500))
        #expect(start.duration(to: Timestamp(milliseconds: 2500)) == .milliseconds(1500))
        #expect(start < start + .milliseconds(1))

        let last = Timestamp(milliseconds: .max)
        let first = Timestamp(milliseconds: .min)
        let longest = Duration.seconds(Int64.max)
        #expect(start + longest == last)
        #expect(Timestamp(milliseconds: -2) - longest == first)
        #expect(last + .milliseconds(1) == last)
        #expect(first - .milliseconds(1) == first)
        #expect(first - .seconds(Int64.min) > first)
        #expect(last - first == .milliseconds(Int64.max) + .milliseconds(Int64.max) + .milliseconds(1))
        #expect((last - first).milliseconds == .max)
        #expect((first - last).milliseconds == .min)
    }
}
