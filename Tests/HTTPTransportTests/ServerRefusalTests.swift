import HTTPTransport
import ProcessHTTP
import Testing

@Suite("HTTPServer, what it refuses", .timeLimit(.minutes(3)))
struct ServerRefusalTests {
    @Test(
        "framing that can be read in two ways is the handler's to refuse, and nothing behind it is read",
        arguments: [
            "Content-Length: 3\r\nContent-Length: 3", "Content-Length: 3\r\ncontent-length: 4",
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "X: a\r\n b", "X: a\r\n\tContent-Length: 9", "Content-Length : 3", "Host: y", "Content-Length: +3",
            "Transfer-Encoding: gzip, chunked", "X\u{0}: a", "X: a\u{0}b",
        ])
    func ambiguous(header: String) async throws {
        try await withServer { server in
            let connection = try server.connect()
            await connection.send(
                "POST / HTTP/1.1\r\nHost: x\r\n\(header)\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
            let rest = await connection.rest()
            #expect(rest.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(rest.contains("\r\nConnection: close\r\n"))
            #expect(rest.contains("\r\nServer: process-tracker/test\r\n"))
            #expect(!rest.contains("smuggled"))
            #expect(!rest.lowercased().contains("html"))
        }
    }

    @Test(
        "a folded line is noticed however the packets are cut, and a body with such lines is no fault",
        arguments: [1, 3])
    func foldedInPieces(pieceSize: Int) async throws {
        try await withServer { server in
            let folded = try server.connect()
            for piece in pieces("GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", of: pieceSize) {
                await folded.send(piece)
            }
            #expect(await folded.response()?.status == 400)

            let fine = try server.connect()
            let body = "a\r\n b\r\n\tc\r\n\r\n d"
            for _ in 0..<2 {
                let text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                for piece in pieces(text, of: pieceSize) { await fine.send(piece) }
                #expect(await fine.response()?.body == "POST / \(body)")
            }
        }
    }

    @Test("a folded line is noticed in a request that came together with the one before")
    func foldedBehindAnother() async throws {
        try await withServer { server in
            let connection = try server.connect()
            await connection.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n")
            #expect(await connection.response()?.status == 200)
            #expect(await connection.response()?.status == 400)
        }
    }

    @Test("HEAD with a body is refused, as evhttp would take the body for a request")
    func headWithBody() async throws {
        try await withServer { server in
            let connection = try server.connect()
            await connection.send(
                "HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
            let rest = await connection.rest()
            #expect(rest.hasPrefix("HTTP/1.1 400 "))
            #expect(rest.components(of: "HTTP/1.1 ") == 1)
        }
    }

    @Test(
        "what is no HTTP, or not evhttp's, gets an answer of ours",
        arguments: [
            ("\u{16}\u{3}\u{1}\u{2}nonsense of a handshake\r\n\r\n", 400), ("GET\r\n\r\n", 400),
            ("GET / HTTP/9.9\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400), ("BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: the unexpected\r\n\r\n", 417),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ])
    func foreignAnswers(request: String, status: Int) async throws {
        try await withServer { server in
            let connection = try server.connect()
            await connection.send(request)
            let response = try #require(await connection.response())
            #expect(response.status == status)
            #expect(response.body == "problem \(status)")
            #expect(response.header("Server") == "process-tracker/test")
            #expect(response.header("Connection") == "close")
            #expect(await connection.rest() == "")
        }
    }

    @Test(
        "chunks that two servers could read differently are refused, and nothing behind them is taken for a request",
        arguments: [
            "0x2\r\nok\r\n0\r\n\r\n", "+2\r\nok\r\n0\r\n\r\n", " 2\r\nok\r\n0\r\n\r\n", "2 \r\nok\r\n0\r\n\r\n",
            "2;a=b\r\nok\r\n0\r\n\r\n",
            "2\nok\n0\n\n", "2\r\nok\n0\r\n\r\n", "2\r\nok\r\n0x0\r\n\r\n", "2\r\nok\r\n-0\r\n\r\n",
            "2\r\nokay\r\n0\r\n\r\n",
            "\r\n\r\n", "0000000000000002\r\nok\r\n0\r\n\r\n",
        ], [1, 1000])
    func ambiguousChunks(body: String, pieceSize: Int) async throws {
        try await withServer { server in
            let connection = try server.connect()
            let request =
                "POST / HTTP/1.1\r\nHost: x\r\ntransfer-ENCODING: chunked\r\n\r\n\(body)"
                + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
            for piece in pieces(request, of: pieceSize) { await connection.send(piece) }
            connection.finishSending()
            let rest = await connection.rest()
            #expect(rest.hasPrefix("HTTP/1.1 400 "), "\(rest)")
            #expect(rest.components(of: "HTTP/1.1 ") == 1)
        }
    }

    @Test(
        "chunks of any size, however they arrive, are one body, and the next request follows",
        arguments: [1, 2, 7, 1000])
    func chunks(pieceSize: Int) async throws {
        try await withServer { server in
            let connection = try server.connect()
            let long = String(repeating: "x", count: 300)
            let request =
                "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "002\r\nok\r\n12C\r\n\(long)\r\n1\r\n!\r\n00\r\nTrailer: 1\r\n\r\n"
                + "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n2\r\n0\r\n\r\n"
            for piece in pieces(request, of: pieceSize) { await connection.send(piece) }
            #expect(await connection.response()?.body == "POST /a ok\(long)!")
            #expect(await connection.response()?.body == "POST /b 2")
        }
    }

    @Test("a head beyond the limit gets 431, in one line or in many", arguments: [true, false])
    func largeHead(inOneLine: Bool) async throws {
        try await withServer { server in
            let connection = try server.connect()
            let value = String(repeating: "v", count: inOneLine ? 90_000 : 900)
            let lines = String(repeating: "X: \(value)\r\n", count: inOneLine ? 1 : 100)
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\(lines)\r\n")
            let response = try #require(await connection.response())
            #expect(response.status == 431)
            #expect(response.body == "problem 431")
        }
    }

    @Test("a head just within the limit is fine")
    func headWithinLimit() async throws {
        try await withServer { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "v", count: 81_000))\r\n\r\n")
            #expect(await connection.response()?.status == 200)
        }
    }

    @Test("a body over the limit is the handler's to refuse, and the connection goes on", arguments: [true, false])
    func bodyOverLimit(isChunked: Bool) async throws {
        let configuration = HTTPServer.Configuration.forTests.with { $0.maximumBodySize = 1000 }
        try await withServer(configuration: configuration) { server in
            let connection = try server.connect()
            for size in [1000, 1001, 10_000] {
                let body = String(repeating: "b", count: size)
                let framed =
                    isChunked
                    ? "Transfer-Encoding: chunked\r\n\r\n\(String(size, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
                    : "Content-Length: \(size)\r\n\r\n\(body)"
                await connection.send("POST / HTTP/1.1\r\nHost: x\r\n\(framed)")
                let response = try #require(await connection.response())
                #expect(response.status == (size > 1000 ? 413 : 200))
                #expect(response.body == (size > 1000 ? "too large" : "POST / \(body)"))
            }
        }
    }

    @Test(
        "a body far over the limit is read no further, and the client gets the answer all the same",
        arguments: [
            "Content-Length: 50000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n2FAF080\r\n",
            "Content-Length: 50000000\r\nExpect: 100-continue\r\n\r\n",
        ])
    func bodyFarOverLimit(head: String) async throws {
        let configuration = HTTPServer.Configuration.forTests.with { $0.maximumBodySize = 1000 }
        try await withServer(configuration: configuration) { server in
            let connection = try server.connect()
            await connection.send("POST / HTTP/1.1\r\nHost: x\r\n\(head)")
            // Taken, though not used: closing with unread bytes would be a reset, and could destroy the answer.
            #expect(await connection.send([UInt8](repeating: 0x62, count: 4_000_000)))
            let response = try #require(await connection.response())
            #expect(response.status == 413)
            #expect(response.body == "problem 413")
            connection.finishSending()
            #expect(await connection.rest() == "")
        }
    }

    @Test("what is wrong with a body that was asked for is answered in our words, too")
    func wrongAfterContinue() async throws {
        try await withServer { server in
            let connection = try server.connect()
            await connection.send(
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
            #expect(await connection.response()?.status == 100)
            await connection.send("ZZ\r\n")
            let response = try #require(await connection.response())
            #expect(response.body == "problem \(response.status)")
        }
    }

    @Test("Expect: 100-continue gets its 100, then the answer")
    func expectContinue() async throws {
        try await withServer { server in
            let connection = try server.connect()
            await connection.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            #expect(await connection.response()?.status == 100)
            await connection.send("ok")
            #expect(await connection.response()?.body == "POST / ok")
        }
    }
}

private func pieces(_ text: String, of size: Int) -> [[UInt8]] {
    let bytes = Array(text.utf8)
    return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
}

extension String {
    /// How often another string occurs.
    fileprivate func components(of other: String) -> Int {
        self.ranges(of: other).count
    }
}
