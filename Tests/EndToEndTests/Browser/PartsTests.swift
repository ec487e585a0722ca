import HTTPTransport
import ProcessTestSupport
import Testing

extension BrowserTests {
    /// The page's modules by themselves, where what is seen of them would not tell everything.
    @Suite("Parts of the dashboard") struct PartsTests {
        /// Runs the body of an asynchronous function that has a module's exports as `part`, and gives what it returns.
        private static func call(_ module: String, _ body: String) async throws -> JSONNode {
            let program = try await TrackerProgram(["TRACKER_REPOSITORY": "memory"])
            var answer = JSONNode("")
            try await Browser.with { browser in
                try await browser.open(program.url)
                answer = try await browser.runAsynchronously(
                    "const part = await import(`${location.origin}/dashboard/\(module)`); \(body)")
            }
            return answer
        }

        @Test("members are cut out of a text as they are")
        func members() async throws {
            let found = try await Self.call(
                "json.js",
                #"""
                const text = ' {"a" : 12345678901234567890123 , "b\\u0063":{"x":["]}",{}]}, "s":"q\\"{,\\\\", "e":[ ],"t":true}';
                return Object.fromEntries(part.members(text));
                """#)
            #expect(found["a"].string == "12345678901234567890123")
            #expect(found["bc"].string == #"{"x":["]}",{}]}"#)
            #expect(found["s"].string == #""q\"{,\\""#)
            #expect(found["e"].string == "[ ]" && found["t"].string == "true")
            #expect(found.members.count == 5)
        }

        @Test("only blanks change where a text is made readable")
        func readable() async throws {
            let shown = try await Self.call(
                "json.js",
                #"""
                const texts = ['{"a":[1.10,{},[],-0,1e400],"b":{"c":null},"a":"\\u0000 x"}', "[]", "{}", "3", '["",[[]]]'];
                const bare = (text) => text.replaceAll(/("(?:[^"\\]|\\.)*")|\s/g, (_, string) => string ?? "");
                return { same: texts.every((text) => bare(part.readable(text)) === bare(text)), first: part.readable(texts[0]),
                  string: part.readable('"line\\nline"'), limited: part.readable("[".repeat(500) + "1,".repeat(100000) + "1" + "]".repeat(500), 5000).length };
                """#)
            #expect(shown["same"].text == "true")
            #expect(shown["first"].string?.hasPrefix("{\n  \"a\": [\n    1.10,\n    {},\n    [],\n    -0,") == true)
            #expect(shown["string"].string == "line\nline")
            #expect((shown["limited"].int ?? .max) < 7000)
        }

        @Test("events are the same however the stream is cut, with any line end")
        func events() async throws {
            let differing = try await Self.call(
                "events.js",
                #"""
                const lines = [": comment", "retry: 2000", "", "event: process", "id: 7", 'data: {"a":1}', "", "data", "data: two", "data:  three",
                  "", "event: lost", "", "id", "data: é", "", "data: never ended"];
                const expected = JSON.stringify([{ type: "process", data: '{"a":1}', id: "7" },
                  { type: "message", data: "\ntwo\n three", id: "7" }, { type: "message", data: "é", id: "" }]);
                const differing = [];
                for (const end of ["\n", "\r\n", "\r"]) {
                  const text = lines.join(end);
                  for (let size = 1; size <= text.length; size += 1) {
                    const events = [];
                    const parser = new part.EventParser((event) => events.push(event));
                    for (let at = 0; at < text.length; at += size) parser.receive(text.slice(at, at + size));
                    if (JSON.stringify(events) !== expected) differing.push([end, size, events]);
                  }
                }
                return differing.slice(0, 2);
                """#)
            #expect(differing.elements.isEmpty, "\(differing)")
        }

        @Test("an address says the filters that it was made of")
        func addresses() async throws {
            let wrong = try await Self.call(
                "filters.js",
                #"""
                const all = [{}, { id: "a b&c=d#e" }, { status: ["failed", "running"], kind: ["k.1", "k:2"], queue: ["q~"] },
                  { metadata: { tenant: "acme & sons", "a.b": "", note: '<img src="x">' }, order: "oldest" }, { cursor: "abc" }];
                const empty = { id: "", status: [], kind: [], queue: [], metadata: {}, order: "", cursor: "" };
                const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
                const wrong = all.filter((each) => !same(part.place(part.listAddress(empty, each)).filters, { ...empty, ...each }));
                const ids = ["a", "A.b:c~d-e_f", "%2F"].filter((id) => part.place(part.processAddress(id)).id !== id);
                const search = part.readSearch('x1 tenant=acme note="two words" kind:a,b');
                if (!same(search, { id: "x1", metadata: { tenant: "acme", note: "two words" }, kind: ["a", "b"] })) wrong.push(search);
                const text = part.searchText({ ...empty, id: "x", metadata: { a: "b", c: "d e", f: "" } });
                if (!same(part.readSearch(text), { id: "x", metadata: { a: "b", c: "d e", f: "" } })) wrong.push(text);
                return [...wrong, ...ids];
                """#)
            #expect(wrong.elements.isEmpty, "\(wrong)")
        }

        @Test("lengths of time are told in their two largest units")
        func lengths() async throws {
            let told = try await Self.call(
                "format.js",
                "return [0, 999, 1500, 59999, 60000, 3599999, 3600000, 86399999, 90000000, -5].map((each) => part.length(each)).join('|')"
            )
            #expect(told.string == "0 ms|999 ms|1.5 s|59 s|1 m 0 s|59 m 59 s|1 h 0 m|23 h 59 m|1 d 1 h|0 ms")
        }
    }
}
