import Glibc
import HTTPTransport
import ProcessTestSupport
import Testing

extension BrowserTests {
    @Suite("The dashboard shows what happens") struct WatchingTests {
        @Test("a process is seen to start, to move and to end, without a reload")
        func life() async throws {
            try await withDashboard { program, browser in
                try await browser.wait(for: "No processes yet.", in: "#empty")
                try await browser.wait(for: "\(program.url)/start", in: "#empty code")
                try await browser.run("window.wasNotReloaded = true")

                try await program.start("nightly", #","metadata":{"tenant":"acme"}"#)
                try await browser.wait(for: "running", in: row("nightly"))
                try await browser.wait(for: "tenant=acme", in: row("nightly"))
                try await browser.wait(for: "1", in: "#counts a[data-status=running] .value")

                try await program.report("progress", "nightly", #"{"done":42,"total":100,"message":"page 42"}"#)
                try await browser.wait("document.querySelector(args[0] + ' progress').value === 0.42", row("nightly"))
                try await browser.wait(for: "page 42", in: row("nightly"))
                try await browser.wait(for: "42 %", in: row("nightly"))
                try await program.report("progress", "nightly", #"{"done":90,"total":100}"#)
                try await browser.wait("document.querySelector(args[0] + ' progress').value === 0.9", row("nightly"))

                try await program.report("complete", "nightly", #"{"result":{"pages":100}}"#)
                try await browser.wait(for: "completed", in: row("nightly"))
                try await browser.wait(for: "1", in: "#counts a[data-status=completed] .value")
                try await browser.wait(for: "0", in: "#counts a[data-status=running] .value")
                #expect(try await browser.run("return window.wasNotReloaded").text == "true")
            }
        }

        @Test("filters leave out what does not match, by status, kind, queue, metadata and id, and are in the address")
        func filters() async throws {
            try await withDashboard { program, browser in
                try await program.start("one", #","metadata":{"tenant":"acme","region":"eu"}"#)
                try await program.start("two", #","queue":"mail","metadata":{"tenant":"acme"}"#)
                let answer = try await program.client.post("/start", #"{"kind":"backup","id":"three"}"#)
                #expect(answer.status == 202)
                try await program.report("fail", "three", #"{"error":{"code":"disk_full","message":"no space"}}"#)
                func expect(_ ids: String...) async throws {
                    try await browser.wait(
                        "[...document.querySelectorAll('#rows a.id')].map((each) => each.textContent).sort().join() === args[0]",
                        ids.sorted().joined(separator: ","))
                }
                try await expect("one", "two", "three")
                try await browser.choose("failed", in: "#filter-status")
                try await expect("three")
                try await browser.wait(for: "disk_full: no space", in: row("three"))
                #expect(try await browser.run("return location.hash").string == "#/?status=failed")
                try await browser.click("#counts a[data-status=failed]")
                try await expect("one", "two", "three")
                try await browser.click("#counts a[data-status=pending]")
                try await expect("two")
                try await browser.click("#clear-filters")
                try await expect("one", "two", "three")
                try await browser.click("#kinds tbody a[href*=backup]")
                try await expect("three")
                try await browser.click("#clear-filters")
                try await browser.click("#queues tbody a")
                try await expect("two")
                try await browser.click("#clear-filters")
                try await browser.type("tenant=acme", into: "#filter-text")
                try await expect("one", "two")
                try await browser.type("tenant=acme region=eu", into: "#filter-text")
                try await expect("one")
                try await browser.type("three", into: "#filter-text")
                try await expect("three")
                try await browser.type("nothing-of-the-kind", into: "#filter-text")
                try await browser.wait(for: "Nothing matches.", in: "#empty")
                // A link that somebody shared shows the same, and what leaves the filter leaves the list.
                try await browser.open("\(program.url)/#/?status=running&metadata.region=eu")
                try await expect("one")
                #expect(
                    try await browser.run("return document.querySelector('#filter-text').value").string == "region=eu")
                try await program.report("complete", "one")
                try await browser.wait(for: "Nothing matches.", in: "#empty")
            }
        }

        @Test("an id is found on whatever page it is, and pages lead on and back")
        func pages() async throws {
            try await withDashboard { program, browser in
                let items = (1...250).map { #"{"start":{"kind":"report","id":"p\#($0)"}}"# }.joined(separator: ",")
                #expect(try await program.client.post("/batch", "{\"items\":[\(items)]}").status == 200)
                func expectPage(of first: String, _ count: Int) async throws {
                    try await browser.wait(
                        """
                        document.querySelector('#rows a.id')?.textContent === args[0]
                        && document.querySelectorAll('#rows tr').length === Number(args[1])
                        """, first, "\(count)")
                }
                try await browser.open("\(program.url)/#/?order=newest&")
                try await browser.wait("document.querySelectorAll('#rows tr').length === 100")
                let listed = try await program.client.allProcesses()
                let ids = listed.compactMap { $0["process_id"].string }
                try #require(ids.count == 250)
                try await expectPage(of: ids[0], 100)
                try await browser.click("#older-page")
                try await expectPage(of: ids[100], 100)
                try await browser.click("#older-page")
                try await expectPage(of: ids[200], 50)
                try await browser.waitForNo("#older-page")
                try await browser.click("#newest-page")
                try await expectPage(of: ids[0], 100)
                // Nothing moves under the pointer; what starts waits for a click. It pushes the oldest off the page, and the next
                // page begins with that.
                try await browser.point(at: "#rows a.id")
                try await program.start("newest")
                try await browser.wait(for: "Show 1 new", in: "#show-new")
                try await expectPage(of: ids[0], 100)
                try await browser.click("#show-new")
                try await expectPage(of: "newest", 100)
                try await browser.click("#older-page")
                try await expectPage(of: ids[99], 100)
                try await browser.type(ids[249], into: "#filter-text")
                // A part of an id is looked for on this page; the whole of one, everywhere.
                try await browser.wait(for: "running", in: row(ids[249]))
                try await browser.waitForNo(row(ids[0]))
            }
        }

        @Test("a lost connection is said, and what happened meanwhile is there after a restart")
        func restart() async throws {
            try await TemporaryDirectory.with { folder in
                let store = ["TRACKER_REPOSITORY": "sqlite", "TRACKER_SQLITE_PATH": "\(folder)/processes.db"]
                let first = try await TrackerProgram(store)
                try await Browser.with { browser in
                    try await first.start("survivor")
                    try await browser.open(first.url)
                    try await browser.wait(for: "running", in: row("survivor"))
                    #expect(try await browser.text(of: "#connection") == "Live")

                    #expect(await first.end(by: SIGKILL) == 128 + SIGKILL)
                    try await browser.wait(for: "Connection lost", in: "#connection")
                    #expect(try await browser.text(of: row("survivor")).contains("running"))

                    let listen = ["TRACKER_LISTEN": first.address.description]
                    let second = try await TrackerProgram(store.merging(listen) { $1 })
                    try await browser.wait("document.querySelector('#connection').innerText === 'Live'")
                    try await second.report("complete", "survivor")
                    try await browser.wait(for: "completed", in: row("survivor"))
                    try await second.start("after")
                    try await browser.wait(for: "running", in: row("after"))
                }
            }
        }

        @Test("what a payload holds is text, never markup")
        func markup() async throws {
            try await withDashboard { program, browser in
                let markup = "<img src=x onerror=window.pwned=1><script>window.pwned=2</script>"
                let text = markup.quoted
                try await program.start("evil", ",\"input\":{\(text):\(text)},\"metadata\":{\"note\":\(text)}")
                try await program.report("progress", "evil", "{\"fraction\":0.5,\"message\":\(text)}")
                try await browser.wait(for: markup, in: "\(row("evil")) .message")
                try await browser.wait(for: "note=\(markup)", in: "\(row("evil")) .metadata")
                try await program.report("stream", "evil", "{\"type\":\"content\",\"data\":\(text)}")
                try await program.report("cancel", "evil", "{\"reason\":\(text)}")
                try await program.report(
                    "fail", "evil", "{\"error\":{\"code\":\"x\",\"message\":\(text),\"details\":\(text)}}")
                try await browser.click("\(row("evil")) a.id")
                for place in [".failure", ".facts", ".output", ".payload"] {
                    try await browser.wait(for: markup, in: place)
                }
                try await browser.open("\(program.url)/#/?metadata.note=\(markup.replacing("<", with: "%3C"))")
                try await browser.wait(for: "note=\(markup)", in: row("evil"))
                #expect(try await browser.run("return window.pwned ?? null").isNull)
                #expect(
                    try await browser.run("return document.querySelectorAll('main img, main script').length").int == 0)
            }
        }
    }
}
