import ProcessCore
import Testing

@Suite("A JSON body")
struct JSONObjectTests {
    private func parse(_ text: String) throws -> JSONObject { try JSONObject(parsing: [UInt8](text.utf8)) }

    @Test("that is empty or blank is an empty object", arguments: ["", " ", "\r\n\t ", "{}", " { } "])
    func empty(text: String) throws {
        let object = try self.parse(text)
        #expect(object.isEmpty)
        try object.expectNoMore()
    }

    @Test("gives out its members as what they are")
    func takes() throws {
        var object = try self.parse(
            #"""
            {"s":"a\n\u00e9\ud83d\ude00\/","i":-42,"d":0.25,"t":true,"f":false,"o":{"x":{"y":1}},"a":[1,"two",[3]],
             "p": {"b" : 1.10} ,"n":null,"after":"2026-11-08T10:00:00Z","lease":"90s","timeout":1.5,"names":["a","b"]}
            """#)
        #expect(object.count == 13)
        #expect(try object.takeString("s") == "a\né😀/")
        #expect(try object.takeInteger("i") == -42)
        #expect(try object.takeDouble("d") == 0.25)
        #expect(try object.takeBool("t") == true)
        #expect(try object.takeBool("f") == false)
        var inner = try #require(try object.takeObject("o"))
        var innermost = try inner.requireObject("x")
        #expect(try innermost.requireInteger("y") == 1)
        let elements = try object.requireElements("a")
        #expect(elements.map(\.kind) == [.number, .string, .array])
        #expect(try elements[0].integer() == 1)
        #expect(try elements[1].string() == "two")
        #expect(try elements[2].elements().map { $0.text().description } == ["3"])
        #expect(object.takeText("p")?.description == #"{"b" : 1.10}"#)
        #expect(object.takeText("n") == .null)
        #expect(try object.takeTimestamp("after") == Timestamp(milliseconds: 1_794_132_000_000))
        #expect(try object.takeDuration("lease") == .seconds(90))
        #expect(try object.takeDuration("timeout") == .milliseconds(1500))
        #expect(try object.takeStrings("names") == ["a", "b"])
        try object.expectNoMore()
    }

    @Test("has nothing under a name that is absent or null")
    func absence() throws {
        var object = try self.parse(#"{"n":null}"#)
        #expect(try object.takeString("n") == nil)
        #expect(try object.takeInteger("n") == nil)
        #expect(try object.takeDouble("n") == nil)
        #expect(try object.takeBool("n") == nil)
        #expect(try object.takeObject("n") == nil)
        #expect(try object.takeElements("n") == nil)
        #expect(try object.takeStrings("n") == nil)
        #expect(try object.takeDuration("n") == nil)
        #expect(try object.takeTimestamp("n") == nil)
        #expect(object.takePresent("n") == nil)
        #expect(object.takeValue("n")?.isNull == true)
        #expect(try object.requireText("n") == .null)
        #expect(try object.takeString("absent") == nil)
        #expect(object.takeText("absent") == nil)
        #expect(throws: JSONFieldError.missing("n")) { try object.requireString("n") }
        #expect(throws: JSONFieldError.missing("absent")) { try object.requireText("absent") }
        #expect(throws: JSONFieldError.missing("absent")) { try object.requireObject("absent") }
    }

    @Test("names the first member that nobody took")
    func unknown() throws {
        var object = try self.parse(#"{"kind":"a","prioritty":1,"extra":{"deep":1}}"#)
        _ = try object.takeString("kind")
        #expect(throws: JSONFieldError.unknown("prioritty")) { try object.expectNoMore() }
        _ = object.takeValue("prioritty")
        var extra = try object.requireObject("extra")
        try object.expectNoMore()
        #expect(throws: JSONFieldError.unknown("extra.deep")) { try extra.expectNoMore() }
        #expect(extra.takeRemaining().map(\.name) == ["deep"])
        try extra.expectNoMore()
    }

    @Test("gives out what remains in the order it was sent")
    func remaining() throws {
        var object = try self.parse(#"{"b":"1","known":0,"a":"2","é":"3"}"#)
        _ = object.takeValue("known")
        let remaining = object.takeRemaining()
        #expect(remaining.map(\.name) == ["b", "a", "é"])
        #expect(try remaining.map { try $0.value.string() } == ["1", "2", "3"])
        #expect(object.takeRemaining().isEmpty)
    }

    @Test("must not have a name twice, however it is written")
    func duplicates() throws {
        let duplicates: [(String, String, Int)] = [
            (#"{"a":1,"a":2}"#, "a", 7),
            (#"{"a":1,"\u0061":2}"#, "a", 7),
            (#"{"\u0061":1,"b":0,"a":2}"#, "a", 18),
            (#"{"a much longer name":1,"a much longer name":1}"#, "a much longer name", 24),
            (#"{"":1, "" :1}"#, "", 7),
            (#"{"\ud83d\ude00":1,"😀":1}"#, "😀", 18),
        ]
        for (text, name, offset) in duplicates {
            #expect(throws: JSONError(.duplicateName(name), at: offset)) { try self.parse(text) }
        }
        let differing = [
            "{\"\u{E9}\":1,\"e\u{301}\":2}", #"{"a":1,"A":2}"#, #"{"12345678":1,"123456789":2,"12345678a":3}"#,
            #"{"a":1,"a\u0000":2}"#, #"{"a":{"x":1,"x":2}}"#,
        ]
        for text in differing { #expect(throws: Never.self) { try self.parse(text) } }
    }

    @Test("with very many names is judged in little time, and its last twin is found", .timeLimit(.minutes(3)))
    func manyNames() throws {
        let members = (0..<100_000).map { "\"name number \($0)\":0" }.joined(separator: ",")
        #expect(try self.parse("{\(members)}").count == 100_000)
        #expect(throws: JSONError(.duplicateName("name number 99999"), at: members.utf8.count + 2)) {
            try self.parse("{\(members),\"name number 99999\":1}")
        }
        #expect(throws: JSONError(.duplicateName("name number 3"), at: members.utf8.count + 2)) {
            try self.parse("{\(members),\"name number \\u0033\":1}")
        }
    }

    @Test("must be an object")
    func otherKinds() {
        let others: [(String, JSONKind, Int)] = [
            ("[1]", .array, 0), (" 1", .number, 1), ("\"x\"", .string, 0), ("null", .null, 0), ("\ttrue ", .bool, 1),
        ]
        for (text, kind, offset) in others {
            #expect(throws: JSONError(.notAnObject(kind), at: offset)) { try self.parse(text) }
        }
        #expect(throws: JSONError(.unterminatedArray, at: 2)) { try self.parse("[1") }
        #expect(throws: JSONError(.trailingText, at: 3)) { try self.parse("{} x") }
    }

    @Test("refuses half of a surrogate pair in what it decodes, and keeps it in payloads")
    func surrogates() throws {
        for half in [#"\ud800"#, #"\udfff"#, #"\ud800x"#, #"\ud800\n"#, #"\ud800\ud800"#, #"x\udc00\ud800"#] {
            var object = try self.parse(#"{"s":"\#(half)","p":"\#(half)"}"#)
            #expect(throws: JSONFieldError(field: "s", reason: "must not contain half of a surrogate pair")) {
                try object.takeString("s")
            }
            #expect(object.takeText("p")?.description == "\"\(half)\"")
            #expect(throws: JSONError(.loneSurrogate, at: 1)) { try self.parse(#"{"\#(half)":1}"#) }
        }
    }

    @Test("blames the field that is wrong, with the path to it")
    func paths() throws {
        var object = try self.parse(
            #"{"kind":1,"error":{"code":true,"twice":{"a":1,"a":2}},"queues":["a",2],"items":[{"start":{"kind":5}}]}"#)
        #expect(throws: JSONFieldError(field: "kind", reason: "must be a string")) { try object.takeString("kind") }
        var error = try object.requireObject("error")
        #expect(throws: JSONFieldError(field: "error.code", reason: "must be a string")) {
            try error.requireString("code")
        }
        #expect(throws: JSONFieldError.missing("error.message")) { try error.requireString("message") }
        #expect(
            throws: JSONFieldError(field: "error.twice", reason: "is not valid: the name \"a\" stands twice")
        ) { try error.takeObject("twice") }
        #expect(throws: JSONFieldError(field: "queues[1]", reason: "must be a string")) {
            try object.takeStrings("queues")
        }
        let item = try #require(try object.requireElements("items").first)
        var fields = try item.object()
        let start = try fields.requireValue("start")
        var nested = try start.object()
        #expect(throws: JSONFieldError(field: "items[0].start.kind", reason: "must be a string")) {
            try nested.takeString("kind")
        }
        var alone = try start.object(reportedAs: "")
        #expect(throws: JSONFieldError(field: "kind", reason: "must be a string")) { try alone.takeString("kind") }
        #expect(JSONFieldError.missing("kind").message == "kind is required")
        #expect(JSONFieldError.unknown("x").message == "x is not a known field")
        #expect(JSONFieldError(field: "", reason: "must be an object").message == "the body must be an object")
    }

    @Test(
        "has whole numbers however they are written",
        arguments: [
            ("0", 0), ("-0", 0), ("-0.0e9", 0), ("0e99999999999999999999", 0), ("42", 42), ("1.0", 1), ("1e2", 100),
            ("1.5e1", 15), ("120e-1", 12), ("-1000000e-6", -1), ("9223372036854775807", .max),
            ("-9223372036854775808", .min), ("922337203685477580.7e1", .max), ("1e18", 1_000_000_000_000_000_000),
            ("1.000000000000000000000000000000000000", 1), ("100000000000000000000e-20", 1),
        ] as [(String, Int64)])
    func wholeNumbers(text: String, expected: Int64) throws {
        var object = try self.parse("{\"i\":\(text)}")
        #expect(try object.takeInteger("i") == expected)
    }

    @Test(
        "refuses what is not a whole number, and what is out of range",
        arguments: [
            ("1.5", "must be a whole number"), ("1e-1", "must be a whole number"), ("\"1\"", "must be a whole number"),
            ("true", "must be a whole number"), ("[1]", "must be a whole number"),
            ("1.00000000000000000000000000000000001", "must be a whole number"),
            ("1e-99999999999999999999", "must be a whole number"),
            ("9223372036854775808", "is out of range"), ("-9223372036854775809", "is out of range"),
            ("1e19", "is out of range"), ("1e400", "is out of range"), ("1e99999999999999999999", "is out of range"),
            ("99999999999999999999999", "is out of range"), ("123456789012345678901234567890", "is out of range"),
        ])
    func notWhole(text: String, reason: String) throws {
        var object = try self.parse("{\"i\":\(text)}")
        #expect(throws: JSONFieldError(field: "i", reason: reason)) { try object.takeInteger("i") }
    }

    @Test("says which numbers are allowed")
    func ranges() throws {
        func expect(_ text: String, _ range: ClosedRange<Int64>, _ reason: String) throws {
            var object = try self.parse("{\"i\":\(text)}")
            #expect(throws: JSONFieldError(field: "i", reason: reason)) { try object.takeInteger("i", in: range) }
        }
        try expect("101", -100...100, "must be between -100 and 100")
        try expect("1e400", -100...100, "must be between -100 and 100")
        try expect("0", 1 ... .max, "must be 1 or more")
        try expect("-1", 0 ... .max, "must be 0 or more")
        try expect("1e400", 1 ... .max, "is out of range")
        try expect("6", .min...5, "must be 5 or less")
        var object = try self.parse(#"{"f":1.01,"g":1,"big":1e400,"s":"1"}"#)
        #expect(throws: JSONFieldError(field: "f", reason: "must be between 0 and 1")) {
            try object.takeDouble("f", in: 0...1)
        }
        #expect(try object.takeDouble("g", in: 0...1) == 1)
        #expect(throws: JSONFieldError(field: "big", reason: "is out of range")) { try object.takeDouble("big") }
        #expect(throws: JSONFieldError(field: "s", reason: "must be a number")) { try object.takeDouble("s") }
    }

    @Test("explains what a duration, a time, an object and an array look like")
    func otherMistakes() throws {
        var object = try self.parse(#"{"d":"soon","z":0,"n":-1,"t":"yesterday","o":[],"a":{},"b":0}"#)
        func reason(_ body: () throws -> Void) -> String? {
            do { try body() } catch let error as JSONFieldError { return error.message } catch {}
            return nil
        }
        #expect(
            reason { _ = try object.takeDuration("d") }
                == "d must be a number of seconds or a text such as 250ms, 30s, 5m, 24h or 7d")
        #expect(reason { _ = try object.takeDuration("z") } == "z must be at least 1ms")
        #expect(try object.takeDuration("z", zeroAllowed: true) == .zero)
        #expect(reason { _ = try object.takeDuration("n") } == "n must not be negative")
        #expect(reason { _ = try object.takeTimestamp("t") } == "t must be a time such as 2026-11-08T10:00:00Z")
        #expect(reason { _ = try object.takeObject("o") } == "o must be an object")
        #expect(reason { _ = try object.takeElements("a") } == "a must be an array")
        #expect(reason { _ = try object.takeBool("b") } == "b must be true or false")
    }
}
