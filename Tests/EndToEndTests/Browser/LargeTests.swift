import HTTPTransport
import ProcessTestSupport
import Testing

extension BrowserTests {
    @Suite("The dashboard does not freeze") struct LargeTests {
        @Test("with 100,000 processes, many of them changing, the page stays small and answers at once")
        func manyProcesses() async throws {
            try await withDashboard { program, browser in
                // What holds the page's thread, as the browser measures it.
                try await browser.run(
                    """
                    window.longest = 0;
                    new PerformanceObserver((list) => {
                      for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
                    }).observe({ type: "longtask" });
                    """)
                let starts = (0..<1000).map { #"{"start":{"kind":"k\#($0 % 7)","input":{"n":\#($0)}}}"# }
                let body = "{\"items\":[\(starts.joined(separator: ","))]}"
                for _ in 0..<100 {
                    #expect(try await program.client.post("/batch?fields=status", body).status == 200)
                }
                try await browser.wait(for: "100,000", in: "#counts a[data-status=running] .value")
                try await browser.wait("document.querySelectorAll('#rows tr').length === 100")
                #expect((try await browser.run("return document.querySelectorAll('*').length").int ?? .max) < 5000)
                // Somebody types while everything on the page changes.
                let ids = try await program.client.get("/processes?limit=1000&fields=process_id").json["processes"]
                    .elements
                    .compactMap { $0["process_id"].string }
                let reports = ids.map { "{\"progress\":{\"id\":\"\($0)\",\"fraction\":0.5}}" }.joined(separator: ",")
                #expect(try await program.client.post("/batch?fields=status", "{\"items\":[\(reports)]}").status == 200)
                try await browser.click("#clear-filters")
                try await browser.type(ids[999], into: "#filter-text")
                try await browser.wait(
                    "document.querySelectorAll('#rows tr').length === 1 && document.querySelector('#rows progress').value === 0.5"
                )
                let longest = try await browser.run("return Math.round(window.longest)").int ?? .max
                // By the wall clock, and so loosely: on a machine that others have meanwhile, seconds pass without a turn.
                #expect(longest < 10_000, "\(longest) ms")
            }
        }

        @Test("a payload of a megabyte is shown in part and does not hold up the page")
        func largePayload() async throws {
            try await withDashboard { program, browser in
                let deep =
                    String(repeating: "[", count: 400) + String(repeating: "1,", count: 400_000) + "1"
                    + String(repeating: "]", count: 400)
                try await program.start("large", ",\"input\":\(deep)")
                try await browser.open("\(program.url)/#/process/large")
                try await browser.wait(for: "a copy has all", in: ".payload:not([hidden]) .fine")
                try await browser.click(".payload:not([hidden]) button[aria-pressed]")
                try await browser.wait(
                    "document.querySelector('.payload:not([hidden]) pre').textContent.length === 200000")
            }
        }
    }
}
