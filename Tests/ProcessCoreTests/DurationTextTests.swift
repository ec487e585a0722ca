import ProcessCore
import Testing

@Suite("A duration as text")
struct DurationTextTests {
    @Test(
        "is read in any unit",
        arguments: [
            ("250ms", 250), ("30s", 30_000), ("5m", 300_000), ("24h", 86_400_000), ("7d", 604_800_000), ("30", 30_000),
            ("0", 0), ("0ms", 0), ("0.0s", 0), ("1.5h", 5_400_000), ("0.5d", 43_200_000), ("0.25", 250), ("007s", 7000),
            ("1.0004s", 1000), ("1.0005s", 1001), ("0.5ms", 1), ("1.4ms", 1), ("36500d", 3_153_600_000_000),
            ("3153600000", 3_153_600_000_000), ("0.30000000000000000000000000000000000000000000004s", 300),
            ("00000000000000000000000000000001s", 1000), ("3153600000000ms", 3_153_600_000_000),
        ] as [(String, Int64)])
    func reading(text: String, milliseconds: Int64) throws {
        #expect(try Duration(parsing: text, zeroAllowed: true) == .milliseconds(milliseconds))
    }

    @Test(
        "is not read from anything else",
        arguments: [
            ("", .malformed), ("s", .malformed), ("ms", .malformed), ("30 s", .malformed), (" 30s", .malformed),
            ("30s ", .malformed), ("30S", .malformed), ("30sec", .malformed), ("1h30m", .malformed),
            ("1e3s", .malformed),
            ("1.s", .malformed), (".5s", .malformed), ("+5s", .malformed), ("1,5s", .malformed), ("1w", .malformed),
            ("1us", .malformed), ("30\0", .malformed), ("30\0s", .malformed), ("30sm", .malformed),
            ("five", .malformed), ("--5s", .malformed), ("1.2.3s", .malformed),
            ("３0s", .malformed),
            ("-5s", .negative), ("-1", .negative), ("0.4ms", .zero),
            ("0.0000000000000000000000000000000000000001d", .zero),
            ("36501d", .tooLong), ("36500.00001d", .tooLong), ("3153600001", .tooLong),
            ("99999999999999999999999999999999999999d", .tooLong), ("18446744073709551616ms", .tooLong),
        ] as [(String, DurationError)])
    func refusals(text: String, error: DurationError) {
        #expect(throws: error) { try Duration(parsing: text, zeroAllowed: true) }
    }

    @Test("is zero only where that is allowed")
    func zero() throws {
        for text in ["0", "0s", "-0", "0.0h"] {
            #expect(try Duration(parsing: text, zeroAllowed: true) == .zero)
            #expect(throws: DurationError.zero) { try Duration(parsing: text) }
        }
    }

    @Test(
        "is a number of seconds in JSON",
        arguments: [
            ("30", 30_000), ("0.25", 250), ("1e3", 1_000_000), ("1.5", 1500), ("25e-2", 250), ("0.001", 1),
            ("0.30000000000000004", 300), ("3153600000", 3_153_600_000_000), ("\"30\"", 30_000),
            ("\"1.5h\"", 5_400_000),
        ] as [(String, Int64)])
    func inJSON(text: String, milliseconds: Int64) throws {
        var object = try JSONObject(parsing: [UInt8]("{\"d\":\(text)}".utf8))
        #expect(try object.takeDuration("d") == .milliseconds(milliseconds))
    }

    @Test(
        "is refused in JSON with a reason",
        arguments: [
            ("-1", DurationError.negative), ("0", .zero), ("0.0004", .zero), ("1e-400", .zero), ("1e10", .tooLong),
            ("1e400", .tooLong), ("true", .malformed), ("{}", .malformed), ("\"1e3\"", .malformed),
        ])
    func refusedInJSON(text: String, error: DurationError) throws {
        var object = try JSONObject(parsing: [UInt8]("{\"d\":\(text)}".utf8))
        #expect(throws: JSONFieldError(field: "d", reason: error.reason)) { try object.takeDuration("d") }
    }

    @Test(
        "is written in its largest unit, one minute and one day aside",
        arguments: [
            "0s", "1ms", "250ms", "1s", "30s", "60s", "90s", "2m", "5m", "1h", "90m", "2h", "24h", "36h", "2d", "7d",
            "1001ms", "3601s", "36500d",
        ])
    func writing(text: String) throws {
        let duration = try Duration(parsing: text, zeroAllowed: true)
        #expect(duration.text == text)
    }

    @Test("is written the same however it was given")
    func canonical() throws {
        let pairs = [
            ("3600s", "1h"), ("1m", "60s"), ("1d", "24h"), ("48h", "2d"), ("1000ms", "1s"), ("1.5h", "90m"),
            ("120s", "2m"),
        ]
        for (given, written) in pairs { #expect(try Duration(parsing: given).text == written) }
        #expect(Duration.microseconds(1999).text == "1ms")
        #expect(Duration.seconds(-60).text == "-1m")
    }

    @Test("every number of milliseconds reads back as itself")
    func roundTrip() throws {
        var milliseconds: Int64 = 1
        while milliseconds < Duration.longest.milliseconds {
            for value in [
                milliseconds - 1, milliseconds, milliseconds * 1000, milliseconds * 60_000, milliseconds * 3_600_000,
            ] {
                let duration = Duration.milliseconds(min(value, Duration.longest.milliseconds))
                #expect(try Duration(parsing: duration.text, zeroAllowed: true) == duration)
            }
            milliseconds = milliseconds * 7 / 3 + 1
        }
    }
}
