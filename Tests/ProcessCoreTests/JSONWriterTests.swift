import ProcessCore
import Testing

@Suite("The JSON writer")
struct JSONWriterTests {
    private func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(capacity: 1)
        body(&writer)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    private func written(_ value: some JSONWritable) -> String { self.written { $0.value(value) } }

    @Test("puts commas where they belong")
    func commas() {
        let text = self.written { writer in
            writer.beginObject()
            writer.member("a", 1)
            writer.member("b", "two")
            writer.name("c")
            writer.beginArray()
            writer.value(1)
            writer.beginObject()
            writer.endObject()
            writer.beginArray()
            writer.endArray()
            writer.null()
            writer.value(true)
            writer.endArray()
            writer.member("d", [1, 2, 3])
            writer.member("e", nil as String?)
            writer.nullMember("f")
            writer.name(escaping: "g\"")
            writer.value(false)
            writer.member("h", JSONText.emptyObject)
            writer.endObject()
        }
        #expect(text == #"{"a":1,"b":"two","c":[1,{},[],null,true],"d":[1,2,3],"e":null,"f":null,"g\"":false,"h":{}}"#)
    }

    @Test(
        "writes integers",
        arguments: [
            0, 1, -1, 9, 10, 99, 100, -100, 12345, 99_999_999, 100_000_000, 999_999_999_999_999_999,
            1_000_000_000_000_000_000, .max, .min, .min + 1,
        ] as [Int64])
    func integers(value: Int64) {
        #expect(self.written(value) == value.description)
        #expect(self.written(Int(value)) == value.description)
    }

    @Test(
        "writes doubles in their shortest form",
        arguments: [
            (0, "0"), (-0.0, "-0"), (42, "42"), (-7, "-7"), (0.1, "0.1"), (0.42, "0.42"), (1.5, "1.5"),
            (1e15, "1000000000000000"),
            (9_007_199_254_740_992, "9007199254740992"), (1e300, "1e+300"), (.leastNonzeroMagnitude, "5e-324"),
            (1.0 / 3, "0.3333333333333333"),
            (.infinity, "null"), (-.infinity, "null"), (.nan, "null"),
        ] as [(Double, String)])
    func doubles(value: Double, expected: String) {
        #expect(self.written(value) == expected)
    }

    @Test("writes every finite double so that it reads back as the same")
    func doubleRoundTrips() throws {
        var bits: UInt64 = 1
        for _ in 0..<20_000 {
            bits = bits &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = Double(bitPattern: bits)
            guard value.isFinite else { continue }
            var object = try JSONObject(parsing: [UInt8]("{\"v\":\(self.written(value))}".utf8))
            #expect(try object.takeDouble("v")?.bitPattern == value.bitPattern)
        }
        var object = try JSONObject(parsing: [UInt8]("{\"v\":\(self.written(-0.0))}".utf8))
        #expect(try object.takeDouble("v")?.sign == .minus)
    }

    @Test("escapes what has to be, and nothing else")
    func escapes() {
        #expect(self.written("") == "\"\"")
        #expect(self.written("a/é😀\u{7F}\u{2028}") == "\"a/é😀\u{7F}\u{2028}\"")
        #expect(self.written("\"\\\u{8}\t\n\u{C}\r") == #""\"\\\b\t\n\f\r""#)
        #expect(self.written("\u{0}\u{1}\u{1F}") == #""\u0000\u0001\u001f""#)
    }

    @Test("writes strings that read back as the same, wherever the escapes stand")
    func stringRoundTrips() throws {
        let specials: [String] = ["\"", "\\", "\n", "\0", "é", "漢", "😀", "\u{1F}"]
        for length in 0..<24 {
            for special in specials {
                for tail in ["", "z", special, "more than eight bytes" + special] {
                    let string = String(repeating: "x", count: length) + special + tail
                    var object = try JSONObject(parsing: [UInt8]("{\"v\":\(self.written(string))}".utf8))
                    let read = try #require(try object.takeString("v"))
                    #expect(Array(read.utf8) == Array(string.utf8))
                }
            }
        }
        let controls = String(String.UnicodeScalarView((0..<300).compactMap(Unicode.Scalar.init)))
        var object = try JSONObject(parsing: [UInt8]("{\"v\":\(self.written(controls))}".utf8))
        #expect(try object.takeString("v") == controls)
    }

    @Test("writes strings that lie elsewhere than in Swift's own storage")
    func substrings() {
        let long = "a string that is long enough not to be stored inline"
        #expect(self.written(String(long.dropFirst(2).prefix(20))) == "\"string that is long \"")
    }

    @Test("writes times and durations")
    func times() {
        #expect(self.written(Timestamp(milliseconds: 1_794_132_000_001)) == "\"2026-11-08T10:00:00.001Z\"")
        #expect(self.written(Duration.seconds(60)) == "\"60s\"")
        #expect(self.written(Duration.milliseconds(1234)) == "\"1234ms\"")
        #expect(self.written([Duration.longest, .zero]) == "[\"36500d\",\"0s\"]")
    }

    @Test("grows as far as it must")
    func growth() {
        let strings = (0..<2000).map { "\($0)" + String(repeating: "\u{1}", count: $0 % 50) }
        let text = self.written(strings)
        #expect(throws: Never.self) { try JSONText(validating: text) }
        #expect(text.utf8.count > 100_000)
    }

    @Test("can be used again")
    func reuse() {
        var writer = JSONWriter()
        writer.value([1, 2])
        #expect(writer.count == 5)
        writer.removeAll()
        #expect(writer.count == 0)
        writer.value("x")
        #expect(writer.withUnsafeBytes { [UInt8]($0) } == [UInt8]("\"x\"".utf8))
    }
}
