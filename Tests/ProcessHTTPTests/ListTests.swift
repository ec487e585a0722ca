import ProcessCore
import ProcessHTTP
import ProcessTestSupport
import Testing

@Suite("GET /processes")
struct ListTests {
    private func ids(_ response: TestResponse) -> [String] {
        response["processes"]?.elements.compactMap { $0["process_id"]?.text } ?? []
    }

    /// Follows cursors to the end.
    private func walk(_ service: TestService, _ query: String) async throws -> [[String]] {
        var pages: [[String]] = []
        var cursor = ""
        while true {
            let response = await service.get("/processes?\(query)\(cursor)")
            try #require(response.status == 200, "\(response.text)")
            pages.append(self.ids(response))
            guard let next = response["next_cursor"]?.text else { return pages }
            cursor = "&cursor=\(next)"
        }
    }

    @Test("shows the newest first, or the oldest")
    func order() async {
        let service = TestService()
        for id in ["a", "b", "c"] {
            await service.start(id)
            service.clock.advance(by: .milliseconds(1))
        }
        let response = await service.get("/processes")
        #expect(response.status == 200)
        #expect(response.json.names == ["processes", "next_cursor"])
        #expect(response["next_cursor"] == .null)
        #expect(self.ids(response) == ["c", "b", "a"])
        #expect(self.ids(await service.get("/processes?order=newest")) == ["c", "b", "a"])
        #expect(self.ids(await service.get("/processes?order=oldest")) == ["a", "b", "c"])
        #expect(await service.get("/status/b").text == JSONTree.text(of: response, at: 1))
    }

    @Test("filters by status, kind, queue, labels and time")
    func filters() async throws {
        let service = TestService()
        let first = service.clock.now
        await service.start("a", #","queue":"q1","metadata":{"tenant":"acme","note":"x, y"}"#)
        service.clock.advance(by: .seconds(1))
        await service.start("b", #","queue":"q2","metadata":{"tenant":"acme"}"#)
        service.clock.advance(by: .seconds(1))
        await service.start("c", #","metadata":{"tenant":"other"}"#)
        _ = await service.post("/start", #"{"kind":"backup","id":"d"}"#)
        _ = await service.post("/complete/d")
        func found(_ query: String) async -> [String] { self.ids(await service.get("/processes?\(query)")).sorted() }
        #expect(await found("status=pending") == ["a", "b"])
        #expect(await found("status=running,completed") == ["c", "d"])
        #expect(await found("status=running&status=completed") == ["c", "d"])
        #expect(await found("kind=backup") == ["d"])
        #expect(await found("kind=backup,report") == ["a", "b", "c", "d"])
        #expect(await found("queue=q1") == ["a"])
        #expect(await found("queue=q1&queue=q2,q3") == ["a", "b"])
        #expect(await found("metadata.tenant=acme") == ["a", "b"])
        #expect(await found("metadata.tenant=acme&metadata.note=x,+y") == ["a"])
        #expect(await found("metadata.tenant=acme&metadata.note=x%2C%20y") == ["a"])
        #expect(await found("metadata.tenant=") == [])
        #expect(await found("created_after=\(first.rfc3339)") == ["b", "c", "d"])
        #expect(await found("created_before=\((first + .seconds(2)).rfc3339)") == ["a", "b"])
        #expect(await found("created_after=\(first.rfc3339)&created_before=\((first + .seconds(2)).rfc3339)") == ["b"])
        #expect(await found("kind=report&status=pending&queue=q2&metadata.tenant=acme") == ["b"])
        #expect(await found("created_before=2000-01-01T00:00:00%2B01:00") == [])
        #expect(await found("created_after=2000-01-01T00:00:00+01:00").count == 4)
    }

    @Test(
        "a parameter with a bad value is named",
        arguments: [
            ("status=done", "status"), ("status=", "status"), ("status=running,", "status"),
            ("status=Running", "status"),
            ("kind=", "kind"), ("kind=a%20b", "kind"), ("queue=a/b", "queue"), ("order=asc", "order"),
            ("order=", "order"),
            ("limit=0", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"), ("limit=1.5", "limit"),
            ("limit=", "limit"),
            ("limit=%2B1", "limit"), ("created_after=yesterday", "created_after"),
            ("created_before=", "created_before"),
            ("created_after=2026-11-08", "created_after"), ("created_after=1794132000", "created_after"),
            ("cursor=", "cursor"), ("cursor=!!", "cursor"), ("cursor=AAAA", "cursor"), ("cursor=AAAAAAAAAAA", "cursor"),
            ("cursor=AAAAAAAAAABhIGI", "cursor"), ("metadata.a%20b=c", "metadata.a b"), ("metadata.=c", "metadata."),
            ("metadata.a=b&metadata.a=c", "metadata.a"), ("order=newest&order=oldest", "order"),
        ])
    func badValue(query: String, field: String) async {
        await TestService().get("/processes?\(query)").expectProblem(.invalidField, field: field)
    }

    @Test("a walk by cursors shows each process once", arguments: ["newest", "oldest"])
    func walk(order: String) async throws {
        let service = TestService()
        // Several in one millisecond, so that the id decides.
        for number in 0..<25 {
            await service.start("p\(number)")
            if number % 4 == 3 { service.clock.advance(by: .milliseconds(1)) }
        }
        let pages = try await self.walk(service, "limit=7&order=\(order)")
        #expect(pages.map(\.count).max() == 7)
        let all = pages.flatMap { $0 }
        #expect(Set(all).count == 25)
        #expect(all.count == 25)
        #expect(all == self.ids(await service.get("/processes?order=\(order)")))
    }

    @Test("a cursor stays valid while processes come and go")
    func changingList() async throws {
        let service = TestService()
        for number in 0..<10 {
            await service.start("p\(number)")
            service.clock.advance(by: .seconds(1))
        }
        let first = await service.get("/processes?limit=5")
        #expect(self.ids(first) == ["p9", "p8", "p7", "p6", "p5"])
        // The one that the cursor names goes, and new ones come in front.
        _ = await service.post("/complete/p5")
        _ = await service.delete("/cleanup?older_than=0")
        await service.start("new")
        let cursor = try #require(first["next_cursor"]?.text)
        let second = await service.get("/processes?limit=5&cursor=\(cursor)")
        #expect(self.ids(second) == ["p4", "p3", "p2", "p1", "p0"])
    }

    @Test("a page has 100 processes where nothing is said, and 1000 at the most")
    func limits() async throws {
        let service = TestService()
        for number in 0..<1001 { _ = await service.post("/start", "{\"kind\":\"a\",\"id\":\"\(number)\"}") }
        #expect(self.ids(await service.get("/processes?fields=process_id")).count == 100)
        #expect(self.ids(await service.get("/processes?fields=process_id&limit=1000")).count == 1000)
        let most = await service.get("/processes?fields=process_id&limit=99999999999999999999")
        #expect(self.ids(most).count == 1000)
        let cursor = try #require(most["next_cursor"]?.text)
        #expect(self.ids(await service.get("/processes?fields=process_id&cursor=\(cursor)")).count == 1)
    }

    @Test("a page ends before it would be larger than 4 MiB, and the walk goes on")
    func pageSize() async throws {
        let service = TestService(maximumBodySize: 8 << 20)
        let input = String(repeating: "x", count: 1_300_000)
        for number in 0..<7 {
            await service.start("p\(number)", ",\"input\":\"\(input)\"")
            service.clock.advance(by: .milliseconds(1))
        }
        await service.start("huge", ",\"input\":\"\(String(repeating: "x", count: 5 << 20))\"")
        var cursor = ""
        var shown: [String] = []
        repeat {
            let response = await service.get("/processes?order=oldest\(cursor)")
            #expect(response.message.body.count <= 4 << 20 || self.ids(response) == ["huge"])
            shown += self.ids(response)
            cursor = response["next_cursor"]?.text.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        #expect(shown == ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "huge"])
    }
}

extension JSONTree {
    /// The text of one process in a list, cut out of the body.
    static func text(of response: TestResponse, at index: Int) -> String {
        let body = response.text.dropFirst(#"{"processes":["#.count)
        return "{" + body.split(separator: #"{"process_id""#)[index].trimmingSuffix(",").prefixed(#""process_id""#)
    }
}

extension Substring {
    fileprivate func trimmingSuffix(_ suffix: String) -> Substring {
        self.hasSuffix(suffix) ? self.dropLast(suffix.count) : self
    }

    fileprivate func prefixed(_ prefix: String) -> String { prefix + self }
}
