import Glibc
import ProcessHTTP
import ProcessTestSupport
import Testing

extension BuiltProgram {
    /// Stopping and starting again, on SQLite.
    @Suite struct RestartTests {
        @Test("after a stop and a start everything is as it was, to the byte", arguments: [SIGINT, SIGTERM, SIGHUP])
        func everythingIsThere(signal: Int32) async throws {
            try await TemporaryDirectory.with { folder in
                let path = "\(folder)/deep/er/processes.db"
                let program = try await TrackerProgram(sqlite: path)
                let client = program.client
                let payload =
                    #"{"z":1,"a":12345678901234567890123,"price":1.10,"n":"\u0000","s":" x ","half":"\ud800"}"#
                let starts = [
                    #"{"kind":"report","id":"plain","input":\#(payload),"metadata":{"tenant":"acme"}}"#,
                    #"{"kind":"report","id":"done","worker":"host-1","retain":"30d"}"#,
                    #"{"kind":"mail","id":"broken","timeout":"1h"}"#,
                    #"{"kind":"mail","id":"waiting","queue":"mails","priority":7,"run_after":"1h","max_attempts":3}"#,
                    #"{"kind":"mail","id":"child","parent_id":"plain","lease":"1h"}"#,
                    #"{"kind":"mail","id":"gone"}"#,
                ]
                for body in starts { #expect(try await client.post("/start", body).status == 202, "\(body)") }
                let key = ["Idempotency-Key": "once"]
                #expect(try await client.post("/start", #"{"kind":"keyed","id":"keyed"}"#, headers: key).status == 202)
                _ = try await client.post("/progress/plain", #"{"done":42,"total":100,"message":"page 42"}"#)
                #expect(try await client.post("/complete/done", #"{"result":\#(payload)}"#).status == 200)
                let failure = #"{"error":{"code":"broken","message":"it broke","details":\#(payload)}}"#
                #expect(try await client.post("/fail/broken", failure).status == 200)
                #expect(try await client.post("/cancel/child", #"{"reason":"no need"}"#).status == 200)
                #expect(try await client.post("/complete/gone").status == 200)
                #expect(try await client.delete("/cleanup?older_than=0&status=completed").json["removed"].int == 1)

                let targets =
                    ["plain", "done", "broken", "waiting", "child", "gone", "keyed", "never"]
                    .map { "/status/\($0)" } + ["/processes", "/processes?kind=mail&order=oldest"]
                var before: [String: TrackerConnection.Answer] = [:]
                for target in targets { before[target] = try await client.get(target) }
                let counts = try await client.get("/stats").json.members
                #expect(await program.end(by: signal) == 0)
                // The store was closed: what is left is the file itself.
                for suffix in ["-wal", "-shm"] { #expect(access(path + suffix, F_OK) != 0, "\(suffix)") }

                let again = try await TrackerProgram(sqlite: path)
                for target in targets {
                    let answer = try await again.client.get(target)
                    #expect(answer.status == before[target]?.status)
                    if answer.code == nil {
                        #expect(answer.text == before[target]?.text, "\(target)")
                        #expect(answer.headers["ETag"] == before[target]?.headers["ETag"], "\(target)")
                    } else {
                        #expect(answer.json["removed_at"].text == before[target]?.json["removed_at"].text)
                    }
                }
                let stats = try await again.client.get("/stats").json.members
                for name in ["total", "by_status", "by_kind", "by_queue"] {
                    #expect(stats[name]?.text == counts[name]?.text, "\(name)")
                }
                let replayed = try await again.client.post(
                    "/start", #"{"kind":"keyed","id":"keyed"}"#, headers: key)
                #expect(replayed.status == 200 && replayed.headers["Idempotency-Replayed"] == "true", "\(replayed)")
                #expect(await again.end(by: signal) == 0)
            }
        }

        @Test("a request whose body is still coming when the stop begins is answered, and its effect is kept")
        func requestInFlight() async throws {
            try await TemporaryDirectory.with { folder in
                let path = "\(folder)/processes.db"
                let program = try await TrackerProgram(sqlite: path)
                let (upload, rest) = try await Self.beginUpload(to: program, id: "slow")
                program.signal(SIGTERM)
                #expect(await program.log.line(with: "The service is stopping") != nil)
                upload.send(rest)
                let answer = await upload.read(until: nil)
                #expect(answer.contains("HTTP/1.1 202 "), "\(answer)")
                #expect(await program.ending().code == 0)

                let again = try await TrackerProgram(sqlite: path)
                #expect(try await again.client.get("/status/slow").status == 200)
            }
        }

        @Test("a second signal ends the program at once", arguments: [SIGINT, SIGTERM])
        func secondSignal(signal: Int32) async throws {
            try await TemporaryDirectory.with { folder in
                let program = try await TrackerProgram(sqlite: "\(folder)/processes.db")
                let (upload, _) = try await Self.beginUpload(to: program, id: "slow")
                program.signal(signal)
                #expect(await program.log.line(with: "The service is stopping") != nil)
                // One that waited for the request in flight would end with 0.
                #expect(await program.end(by: signal) == 128 + signal)
                _ = await upload.read(until: nil)
            }
        }

        @Test("a terminal that closes may send SIGHUP several times, and beside SIGTERM: that hurries nothing")
        func repeatedHangup() async throws {
            try await TemporaryDirectory.with { folder in
                let program = try await TrackerProgram(sqlite: "\(folder)/processes.db")
                let (upload, rest) = try await Self.beginUpload(to: program, id: "slow")
                program.signal(SIGHUP)
                #expect(await program.log.line(with: "The service is stopping") != nil)
                program.signal(SIGHUP)
                program.signal(SIGTERM)
                program.signal(SIGHUP)
                upload.send(rest)
                let answer = await upload.read(until: nil)
                #expect(answer.contains("HTTP/1.1 202 "), "\(answer)")
                #expect(await program.ending().code == 0)
            }
        }

        @Test("started with SIGHUP ignored, as by nohup, it goes on ignoring it")
        func ignoredHangup() async throws {
            try await TemporaryDirectory.with { folder in
                let environment = ["TRACKER_SQLITE_PATH": "\(folder)/processes.db"]
                let program = try await TrackerProgram(environment, prefix: ["nohup"])
                let status = Self.text(of: "/proc/\(program.processID)/status")
                let ignored = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }?.suffix(1) ?? ""
                let bits = Int(ignored, radix: 16) ?? 0
                #expect(bits & 1 == 1, "\(ignored)")
                program.signal(SIGHUP)
                #expect(try await program.client.post("/start", #"{"kind":"a"}"#).status == 202)
                #expect(await program.end(by: SIGTERM) == 0)
            }
        }

        private static func text(of path: String) -> String {
            let file = open(path, O_RDONLY | O_CLOEXEC)
            defer { close(file) }
            var buffer = [UInt8](repeating: 0, count: 8192)
            let count = buffer.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
        }

        @Test("connections that are kept open hold no stop up")
        func idleConnections() async throws {
            try await TemporaryDirectory.with { folder in
                let program = try await TrackerProgram(sqlite: "\(folder)/processes.db")
                let silent = try RawSocket(to: program.address)
                let idle = try RawSocket(to: program.address)
                idle.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(await idle.read(until: "\r\n\r\n").contains("HTTP/1.1 200 "))
                let start = ContinuousClock.now
                #expect(await program.end(by: SIGTERM) == 0)
                #expect(ContinuousClock.now - start < .seconds(8), "it waited for a connection without a request")
                _ = await idle.read(until: nil)
                _ = await silent.read(until: nil)
            }
        }

        /// Sends a start's head and half of its body, and returns once the program has the head.
        private static func beginUpload(
            to program: TrackerProgram, id: String
        ) async throws -> (socket: RawSocket, rest: String) {
            let body = #"{"kind":"upload","id":"\#(id)"}"#
            let upload = try RawSocket(to: program.address)
            upload.send(
                "POST /start HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n"
                    + "Expect: 100-continue\r\n\r\n")
            #expect(await upload.read(until: "\r\n\r\n").contains("HTTP/1.1 100 "))
            upload.send(String(body.prefix(10)))
            return (upload, String(body.dropFirst(10)))
        }
    }
}
