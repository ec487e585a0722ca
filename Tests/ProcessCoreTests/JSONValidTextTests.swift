import ProcessCore
import Testing

@Suite("Valid JSON")
struct JSONValidTextTests {
    /// Each is to come back byte for byte.
    static let texts: [String] = [
        "null", "true", "false", "0", "-0", "7", "-7", "10", "1.10", "0.0", "-0.0e-0", "1e400", "1E5", "1e+5", "1e-5",
        "0e1", "123.456e789", "12345678901234567890123", "0.00000000000000000000000000000000001", "-1.5E-300",
        #""""#, #"" ""#, #""plain""#, #""exactly8""#, #""a little longer than sixteen bytes""#,
        #""\"\\\/\b\f\n\r\t""#, #""\u0000""#, #""\u00e9\u00E9""#, #""\ud83d\uDE00""#, #""\ud800""#, #""\udc00""#,
        #""\ud800\ud800x""#, #""\uFFFF""#, "\"\u{7F}\"", "\"é\"", "\"漢字とかな\"", "\"👩‍👩‍👧\"", "\"\u{10FFFF}\"",
        "\"\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{D7FF}\u{E000}\"", "\"\u{FEFF}inside\"", "\"/* no comment */\"",
        "[]", "[ ]", "[\n]", "[null]", "[1,2,3]", "[ 1 , 2 ]", "[[],[[]],{}]", "[\"]\",\"}\"]", "[[[[[[[[]]]]]]]]",
        "{}", "{ }", #"{"b":1,"a":2}"#, #"{"a":1,"a":2}"#, #"{"":""}"#, #"{"a":{"a":{"a":[]}}}"#,
        "{\t\"a\"\r:\n1 ,\"b\"  :  [ true , false ]  }", #"{"\u0061":1,"a":1}"#, #"{"é":"\n"}"#,
        #"{"a":[{"b":[{"c":null}]}],"d":{"e":{}}}"#, #"[1,"x",null,true,false,-1e1,{},[]]"#,
    ]

    @Test("is kept byte for byte", arguments: Self.texts)
    func preservation(text: String) throws {
        #expect(try JSONText(validating: text).description == text)
        #expect(try JSONText(validating: text.utf8).bytes == [UInt8](text.utf8))
    }

    @Test("loses the blanks around it, and those alone", arguments: Self.texts)
    func blanks(text: String) throws {
        #expect(try JSONText(validating: " \t\r\n\(text)\n \n").description == text)
    }

    @Test("is kept byte for byte as a member and as an element", arguments: Self.texts)
    func preservationInside(text: String) throws {
        var object = try JSONObject(
            parsing: [UInt8](#"{"first":0, "input" : \#(text) , "last":[\#(text),  \#(text) ]}"#.utf8))
        #expect(object.takeText("input")?.description == text)
        #expect(try object.takeElements("last")?.map { $0.text().description } == [text, text])
    }

    @Test("passes through the writer byte for byte", arguments: Self.texts)
    func writing(text: String) throws {
        var writer = JSONWriter()
        writer.value([try JSONText(validating: text), .null])
        #expect(String(decoding: writer.finish(), as: UTF8.self) == "[\(text),null]")
    }

    @Test("has a kind")
    func kinds() throws {
        let kinds: [(String, JSONKind)] = [
            ("null", .null), ("true", .bool), (" false", .bool), ("-1", .number), ("0", .number), ("\"\"", .string),
            ("[]", .array), ("{}", .object),
        ]
        for (text, kind) in kinds { #expect(try JSONText(validating: text).kind == kind) }
        #expect(JSONText.null.isNull)
        #expect(JSONText.emptyObject.description == "{}")
    }

    @Test("is equal to another text only if the bytes are the same")
    func equality() throws {
        #expect(try JSONText(validating: "1.0") == JSONText(validating: " 1.0 "))
        #expect(try JSONText(validating: "1.0") != JSONText(validating: "1.00"))
        #expect(try JSONText(validating: "\"\u{E9}\"") != JSONText(validating: "\"e\u{301}\""))
    }

    @Test("of any length ends where it ends, wherever the eight bytes looked at together begin")
    func alignment() throws {
        for length in 0..<40 {
            for special in ["", "é", "\\n", "漢", "👍"] {
                let text = "\"" + String(repeating: "x", count: length) + special + "y\""
                #expect(try JSONText(validating: text).description == text)
                #expect(throws: JSONError(.unterminatedString, at: text.utf8.count - 1)) {
                    try JSONText(validating: String(text.dropLast()))
                }
                let control = "\"" + String(repeating: "x", count: length) + special + "\u{1}\""
                #expect(throws: JSONError(.controlCharacter(1), at: control.utf8.count - 2)) {
                    try JSONText(validating: control)
                }
            }
        }
    }
}
