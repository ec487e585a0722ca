import HTTPTransport
import ProcessTestSupport
import Testing

extension BrowserTests {
    @Suite("The dashboard shows text that would upset it") struct StrangeTextTests {
        @Test("line breaks in metadata and messages leave a row as high as any")
        func lineBreaks() async throws {
            try await withDashboard(width: 1200) { program, browser in
                try await program.start("plain", #","metadata":{"a":"b"}"#)
                let lines = String(repeating: #"\r\nx"#, count: 100)
                try await program.start("lines", #","metadata":{"a":"1\#(lines)"}"#)
                try await program.report("progress", "plain", #"{"fraction":0.5,"message":"a"}"#)
                try await program.report("progress", "lines", #"{"fraction":0.5,"message":"1\#(lines)"}"#)
                try await browser.wait(for: "1", in: "\(row("lines")) .message")
                try await browser.wait(for: "a", in: "\(row("plain")) .message")
                let heights = try await browser.run(
                    "return [...document.querySelectorAll('#rows tr')].map((each) => Math.round(each.offsetHeight)).join()"
                )
                // A row's share of a pixel is rounded one way or the other.
                let both = try #require(heights.string).split(separator: ",").compactMap { Int($0) }
                #expect(both.count == 2 && abs(both[0] - both[1]) <= 1, "\(heights)")
            }
        }

        @Test("characters that turn the direction of text are seen and not obeyed")
        func directions() async throws {
            try await withDashboard { program, browser in
                let text = #"\u202egpj.exe\u2066\udb40\udc41"#
                let shown = #"\u202egpj.exe\u2066\udb40\udc41"#
                try await program.start("turned", #","metadata":{"file":"\#(text)"},"input":{"a":"\#(text)"}"#)
                try await program.report("progress", "turned", #"{"fraction":0.5,"message":"m \#(text)"}"#)
                try await browser.wait(for: "file=\(shown)", in: "\(row("turned")) .metadata")
                try await browser.wait(for: "m \(shown)", in: "\(row("turned")) .message")
                try await program.report("fail", "turned", #"{"error":{"code":"c","message":"e \#(text)\nline"}}"#)
                try await browser.open("\(program.url)/#/process/turned")
                try await browser.wait(for: "e \(shown)\nline", in: ".failure")
                try await browser.wait(for: "file=\(shown)", in: ".chips")
                try await browser.wait(for: shown, in: ".payload:not([hidden]) pre")
                let rest = try await browser.run(
                    "return /[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.textContent)")
                #expect(rest.text == "false")
            }
        }

        @Test("no status is cut off, and long metadata keeps its shape")
        func room() async throws {
            try await withDashboard(width: 1200) { program, browser in
                try await program.start("asked", #","metadata":{"a":"\#(String(repeating: "long ", count: 100))"}"#)
                try await program.report("cancel", "asked")
                try await browser.wait(for: "cancelling", in: "\(row("asked")) .status")
                let isWhole = try await browser.run(
                    "const c = document.querySelector('#rows .status-cell'); return c.scrollWidth <= c.clientWidth")
                #expect(isWhole.text == "true")
                try await browser.open("\(program.url)/#/process/asked")
                try await browser.wait(for: "a=long", in: ".chips")
                let radius = try await browser.run(
                    "return getComputedStyle(document.querySelector('.chips a')).borderTopLeftRadius")
                #expect(radius.string == "11px")
            }
        }
    }
}
