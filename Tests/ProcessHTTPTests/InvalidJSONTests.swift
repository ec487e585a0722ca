import ProcessHTTP
import Testing

@Suite("Bodies that are no JSON object")
struct InvalidJSONTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let bytes: [UInt8]
        let offset: Int

        init(_ text: String, _ offset: Int) {
            self.bytes = Array(text.utf8)
            self.offset = offset
        }

        init(bytes: [UInt8], _ offset: Int) {
            self.bytes = bytes
            self.offset = offset
        }

        var testDescription: String { String(decoding: self.bytes.prefix(60), as: UTF8.self) }
    }

    static let cases: [Case] = [
        Case("}", 0), Case("{", 1), Case("{]", 1), Case("[]", 0), Case("null", 0), Case("\"kind\"", 0), Case("7", 0),
        Case("true", 0), Case("{\"kind\"}", 7), Case("{\"kind\":}", 8), Case("{\"kind\":\"a\"", 11),
        Case("{\"kind\":\"a\",}", 12), Case("{,}", 1), Case("{\"kind\" \"a\"}", 8), Case("{\"kind\"=\"a\"}", 7),
        Case("{kind:\"a\"}", 1), Case("{'kind':\"a\"}", 1), Case("{\"kind\":'a'}", 8), Case("{\"kind\":a}", 8),
        Case("{\"kind\":\"a\"} x", 13), Case("{\"kind\":\"a\"}{}", 12), Case("{\"kind\":\"a\"},", 12),
        Case("{\"kind\":\"a", 10), Case("{\"kind\":\"\\x\"}", 10), Case("{\"kind\":\"\\u12\"}", 13),
        Case("{\"kind\":\"\\u12G4\"}", 13), Case("{\"kind\":\"a\tb\"}", 10), Case("{\"kind\":\"a\nb\"}", 10),
        Case("{\"kind\":\"a\u{0}b\"}", 10), Case("{\"input\":01}", 10), Case("{\"input\":-}", 10),
        Case("{\"input\":1.}", 11),
        Case("{\"input\":.5}", 9), Case("{\"input\":+1}", 9), Case("{\"input\":1e}", 11), Case("{\"input\":1e+}", 12),
        Case("{\"input\":0x10}", 10), Case("{\"input\":NaN}", 9), Case("{\"input\":Infinity}", 9),
        Case("{\"input\":-Infinity}", 10), Case("{\"input\":tru}", 12), Case("{\"input\":True}", 9),
        Case("{\"input\":nulL}", 12), Case("{\"input\":[1,]}", 12), Case("{\"input\":[1 2]}", 12),
        Case("{\"input\":[1}", 11), Case("{\"input\":{\"a\":1,}}", 16), Case("{\"input\":[", 10),
        Case("{\"input\":// c\n1}", 9), Case("{\"input\":/* c */1}", 9), Case("\u{FEFF}{}", 0),
        Case("{\"kind\":\"a\",\"kind\":\"b\"}", 12), Case("{\"kind\":\"a\",\"\\u006bind\":\"b\"}", 12),
        Case("{\"kin\\ud800\":1}", 1), Case("\u{B}{}", 0), Case("{\u{A0}}", 1),
        Case("{\"input\":" + String(repeating: "[", count: 512) + String(repeating: "]", count: 512) + "}", 520),
        Case("{\"input\":" + String(repeating: "{\"a\":", count: 100_000), 2564),
        Case(bytes: Array("{\"kind\":\"".utf8) + [0xFF] + Array("\"}".utf8), 9),
        Case(bytes: Array("{\"kind\":\"".utf8) + [0xC0, 0xAF] + Array("\"}".utf8), 9),
        Case(bytes: Array("{\"kind\":\"".utf8) + [0xED, 0xA0, 0x80] + Array("\"}".utf8), 9),
        Case(bytes: Array("{\"kind\":\"".utf8) + [0xE2, 0x82], 9),
        Case(bytes: [0xFE, 0xFF, 0x00, 0x7B, 0x00, 0x7D], 0),
    ]

    @Test("are answered 400 invalid_json, naming the byte", arguments: cases)
    func invalid(body: Case) async {
        let service = TestService()
        await service.start("a")
        for path in ["/start", "/complete/a", "/retry/a"] {
            let response = await service.send(.post, path, bytes: body.bytes)
            response.expectProblem(.invalidJSON)
            #expect(response["offset"] == .number("\(body.offset)"), "\(response.text)")
            #expect(response["detail"]?.text?.contains("at byte \(body.offset)") == true)
        }
        #expect(await service.get("/status/a")["revision"] == 1)
        #expect(await service.get("/stats")["total"] == 1)
    }

    @Test("a blank body is an empty object", arguments: ["", " ", "\r\n\t "])
    func blank(body: String) async {
        let service = TestService()
        await service.start("a")
        #expect(await service.post("/progress/a", body)["revision"] == 2)
        await service.post("/start", body).expectProblem(.missingField, field: "kind")
    }

    @Test(
        "a payload is kept and returned byte for byte",
        arguments: [
            "12345678901234567890123", "1.10", "-0", "1E400", "\"\\u0000\\ud800\"", "{\"b\":1,\"a\":2,\"b\":3}",
            "[ 1 , 2 ]",
            "{ }", "\"\\/é\u{1F600}\\ud83d\\ude00\"", "false", "\"\"", "[[],{},null]",
            String(repeating: "[", count: 510) + String(repeating: "]", count: 510),
        ])
    func payloads(payload: String) async {
        let service = TestService()
        let body = "{ \"kind\" : \"a\" , \"id\" : \"a\" , \"input\" : \t\(payload) \n }"
        #expect(await service.post("/start", body).text.contains("\"input\":\(payload),\"result\":null"))
        let failed = await service.post("/fail/a", "{\"error\":{\"code\":\"x\",\"details\": \(payload) }}")
        #expect(failed.text.contains("\"error\":{\"code\":\"x\",\"message\":null,\"details\":\(payload)}"))
        await service.start("b")
        #expect(await service.post("/complete/b", "{\"result\": \(payload) }").text.contains("\"result\":\(payload),"))
        #expect(await service.get("/status/b").text.contains("\"result\":\(payload),"))
        #expect(await service.get("/status/a?fields=input").text == "{\"input\":\(payload)}")
    }
}
