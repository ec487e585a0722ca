import HTTPTransport
import ProcessTestSupport
import Testing

extension BrowserTests {
    @Suite("The dashboard changes what it is asked to, after asking back") struct ChangingTests {
        @Test("a process is opened and cancelled with a reason, and its worker's confirmation seen")
        func cancel() async throws {
            try await withDashboard { program, browser in
                try await program.start("long")
                try await browser.click("\(row("long")) a.id")
                try await browser.wait(for: "running", in: "#process-view .status")
                #expect(try await browser.run("return location.hash").string == "#/process/long")
                #expect(try await browser.run("return document.activeElement.innerText").string == "long")
                try await browser.click("#process-view .danger")
                try await browser.wait("document.activeElement.id === 'cancel-reason'")
                try await browser.type("no longer needed", into: "#cancel-reason")
                try await browser.press(.enter)
                try await browser.wait(for: "cancelling", in: "#process-view .status")
                try await browser.wait(for: "no longer needed", in: ".facts")
                let asked = try await program.client.get("/status/long").json
                #expect(asked["cancel_reason"].string == "no longer needed" && asked["status"].string == "running")
                try await program.report("cancelled", "long")
                try await browser.wait(for: "cancelled", in: "#process-view .status")
                try await browser.waitForNo("#process-view .danger")
                try await browser.click(".back")
                try await browser.wait(for: "cancelled", in: row("long"))
                // Whoever comes back is where he left.
                #expect(try await browser.run("return document.activeElement.innerText").string == "long")
            }
        }

        @Test("a worker that does not answer is overruled, with what was started below")
        func force() async throws {
            try await withDashboard { program, browser in
                try await program.start("top")
                try await program.start("below", #","parent_id":"top""#)
                try await browser.open("\(program.url)/#/process/top")
                try await browser.wait(for: "1 running", in: ".facts")
                try await browser.click("#process-view .danger")
                try await browser.click("dialog .check:nth-of-type(2) input")
                try await browser.click("dialog .check:nth-of-type(3) input")
                try await browser.click("dialog .danger")
                try await browser.wait(for: "cancelled", in: "#process-view .status")
                #expect(try await program.client.get("/status/below").json["status"].string == "cancelled")
            }
        }

        @Test("a failed process is retried, and seen to run again")
        func retry() async throws {
            try await withDashboard(at: "#/process/broken", mayComplain: true) { program, browser in
                try await browser.wait(for: "there is no process", in: "#process-view .notice")
                try await program.start("broken")
                try await browser.open("\(program.url)/#/process/broken?again")
                try await program.report("fail", "broken", #"{"error":{"code":"disk_full","message":"no space left"}}"#)
                try await browser.wait(for: "no space left", in: ".failure")
                try await browser.click("#process-view .primary")
                try await browser.click("dialog .primary")
                try await browser.wait(for: "running", in: "#process-view .status")
                try await browser.waitForNo(".failure")
                try await program.report("complete", "broken", #"{"attempt":2,"result":"done"}"#)
                try await browser.wait(for: "done", in: "#process-view pre[aria-label=Result]")
            }
        }

        @Test("what the service refuses is said in its words")
        func refusal() async throws {
            try await withDashboard(at: "#/process/quick", mayComplain: true) { program, browser in
                try await program.start("quick")
                try await browser.open("\(program.url)/#/process/quick?")
                try await browser.click("#process-view .danger")
                try await browser.wait("document.querySelector('dialog[open]')")
                try await program.report("complete", "quick")
                try await browser.click("dialog .danger")
                try await browser.wait(for: "finished", in: "dialog .notice")
                try await browser.press(.escape)
                try await browser.waitForNo("dialog")
            }
        }

        @Test("a cleanup counts first, asks, and then removes what was counted")
        func cleanup() async throws {
            try await withDashboard { program, browser in
                for id in ["done", "kept", "broken", "running"] {
                    try await program.start(id, id == "kept" ? #","retain":"30d""# : "")
                }
                for id in ["done", "kept"] { try await program.report("complete", id) }
                try await program.report("fail", "broken", #"{"error":{"code":"x","message":"y"}}"#)
                try await browser.wait(for: "failed", in: row("broken"))
                try await browser.click("#open-cleanup")
                try await browser.type("0", into: "#cleanup-age")
                try await browser.click("dialog input[value=failed]")
                try await browser.press(.enter)
                try await browser.wait(for: "1 process would be removed", in: "dialog .notice")
                // Another choice has to be counted again before anything can be removed.
                try await browser.click("dialog input[value=failed]")
                try await browser.waitForNo("dialog .danger")
                try await browser.click("dialog .primary")
                try await browser.wait(for: "2 processes would be removed", in: "dialog .notice")
                #expect(try await program.client.get("/stats").json["total"].int == 4)
                try await browser.wait("document.activeElement.matches('dialog .danger')")
                try await browser.press(.enter)
                try await browser.wait(for: "Removed 2 processes.", in: "#announcer")
                try await browser.wait(
                    "[...document.querySelectorAll('#rows a.id')].map((each) => each.textContent).join() === 'running,kept'"
                )
                #expect(try await program.client.get("/status/done").status == 410)
                #expect(try await program.client.get("/status/kept").status == 200)
            }
        }

        @Test("payloads are shown and copied byte for byte")
        func payloads() async throws {
            try await withDashboard { program, browser in
                let input = #"{"b":12345678901234567890123,"a":1.10,"s":"\u0000é\"","n":[],"b":null}"#
                try await program.start("exact", ",\"input\":\(input)")
                try await program.report("complete", "exact", #"{"result":"first line\nsecond line"}"#)
                try await browser.open("\(program.url)/#/process/exact")
                try await browser.wait(for: "12345678901234567890123", in: "#process-view pre[aria-label=Input]")
                let shown = try await browser.text(of: "#process-view pre[aria-label=Input]")
                #expect(shown.contains("\n  \"a\": 1.10,\n") && shown.contains("\n  \"n\": [],\n"), "\(shown)")
                #expect(try await browser.text(of: "#process-view pre[aria-label=Result]") == "first line\nsecond line")
                try await browser.click("#process-view section:has(pre[aria-label=Input]) button[aria-pressed]")
                #expect(try await browser.text(of: "#process-view pre[aria-label=Input]") == input)
                try await browser.run(
                    "Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { window.copied = text; } } })"
                )
                try await browser.click("[aria-label='Copy input']")
                try await browser.wait("window.copied === args[0]", input)
                try await browser.wait(for: "Copied input.", in: "#announcer")
            }
        }

        @Test("what a worker streams is read as it comes")
        func output() async throws {
            try await withDashboard { program, browser in
                try await program.start("talker")
                try await browser.open("\(program.url)/#/process/talker")
                let first =
                    #"[{"type":"content","data":"one "},{"type":"content","data":"two"},{"type":"metric","data":{"pages":3}}]"#
                try await program.report("stream", "talker", first)
                try await browser.wait(for: "one two", in: ".output")
                try await browser.wait(for: "metric {\"pages\":3}", in: ".output")
                try await program.report("stream", "talker", #"{"type":"content","data":"three"}"#)
                try await browser.wait(for: "three", in: ".output")
                try await program.report("complete", "talker")
                try await browser.wait(
                    "document.querySelector('#output-title').parentElement.innerText.includes('ended')")
            }
        }
    }
}
