import Glibc
import ProcessTestSupport
import Testing

extension BuiltProgram {
    /// A disk with no room left.
    @Suite struct FullDiskTests {
        @Test(
            "a full disk: 507 for new starts, reads go on, and it recovers by itself when there is room",
            .enabled(if: OwnFileSystem.isAllowed))
        func fullDisk() async throws {
            try await TemporaryDirectory.with { folder in
                let prefix = OwnFileSystem.prefix(
                    "mount -t tmpfs -o size=4m none '\(folder)' && head -c 2000000 /dev/zero > '\(folder)/filler'")
                let program = try await TrackerProgram(
                    ["TRACKER_SQLITE_PATH": "\(folder)/processes.db"], prefix: prefix)
                let started = try await Self.fill(program, 507, "store_full")
                try await Self.expectReads(program, started, 507, "store_full")

                #expect(unlink("/proc/\(program.processID)/root\(folder)/filler") == 0)
                try await Self.expectRecovery(program, started)
                #expect(await program.end(by: SIGTERM) == 0)
            }
        }

        @Test("a file that may not grow: a clear error for new starts, reads go on, and it recovers by itself")
        func fileSizeLimit() async throws {
            try await TemporaryDirectory.with { folder in
                let path = "\(folder)/processes.db"
                // Whoever limits the size of files gets a signal for each write beyond, unless that is ignored.
                let prefix = ["sh", "-c", "trap '' XFSZ; ulimit -S -f 4096; exec \"$@\"", "sh"]
                let program = try await TrackerProgram(["TRACKER_SQLITE_PATH": path], prefix: prefix)
                // The system calls this no lack of room, so it is an outage, and the log says of what.
                let started = try await Self.fill(program, 503, "store_unavailable")
                #expect(await program.log.line(with: "disk I/O error") != nil)
                try await Self.expectReads(program, started, 503, "store_unavailable")

                let lift = try ChildProgram(["prlimit", "--pid", "\(program.processID)", "--fsize=unlimited"])
                #expect(await lift.ending().code == 0)
                try await Self.expectRecovery(program, started)
                #expect(await program.end(by: SIGTERM) == 0)
                let check = try await TrackerProgram.run(["check", path])
                #expect(check.code == 0, "\(check)")
            }
        }

        @Test(
            "on a full disk, writes and cleanups use the room that the file and its log have",
            .enabled(if: OwnFileSystem.isAllowed), arguments: [(200, 60), (0, 60)])
        func roomInTheLog(finished: Int, reports: Int) async throws {
            try await TemporaryDirectory.with { folder in
                let prepared = "\(folder)/processes.db"
                let first = try await TrackerProgram(sqlite: prepared)
                for number in 0..<finished {
                    _ = try await first.client.post("/start", #"{"kind":"k","id":"p\#(number)"}"#)
                    _ = try await first.client.post("/complete/p\(number)")
                }
                #expect(await first.end(by: SIGTERM) == 0)

                let place = "\(folder)/small"
                let program = try await TrackerProgram(
                    ["TRACKER_SQLITE_PATH": "\(place)/processes.db"],
                    prefix: OwnFileSystem.prefix(
                        "mkdir '\(place)' && mount -t tmpfs -o size=8m none '\(place)' && cp '\(prepared)' '\(place)'"))
                let client = program.client
                // None of these makes the file grow, only its log.
                _ = try await client.post("/start", #"{"kind":"k","id":"busy"}"#)
                for _ in 0..<reports { #expect(try await client.post("/progress/busy").status == 200) }
                Self.fillUp("/proc/\(program.processID)/root\(place)/filler")
                if finished > 0 {
                    let answer = try await client.delete("/cleanup?older_than=1ms")
                    #expect(answer.status == 200, "\(answer)")
                    #expect(answer.json["removed"].int == finished)
                }
                for _ in 0..<300 {
                    let answer = try await client.post("/progress/busy")
                    #expect(answer.status == 200, "\(answer)")
                    if answer.status != 200 { break }
                }
                #expect(try await client.get("/health").json["status"].string == "ok")
                #expect(await program.end(by: SIGTERM) == 0)
            }
        }

        /// Writes to a file until there is no room left for a single byte.
        private static func fillUp(_ path: String) {
            let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            defer { close(file) }
            let block = [UInt8](repeating: 0, count: 4096)
            while write(file, block, block.count) > 0 {}
        }

        private static let padding = String(repeating: "x", count: 100_000)

        /// Starts processes until the store is full.
        ///
        /// - Returns: How many it took.
        private static func fill(_ program: TrackerProgram, _ status: Int, _ code: String) async throws -> Int {
            for number in 0..<200 {
                let body = #"{"kind":"k","id":"p\#(number)","input":"\#(Self.padding)"}"#
                let answer = try await program.client.post("/start", body)
                if answer.status == 202 { continue }
                #expect(answer.status == status && answer.code == code, "\(answer)")
                #expect(number > 3, "there was no room from the beginning")
                return number
            }
            throw ChildProgram.Failure(description: "it is never full")
        }

        private static func expectReads(
            _ program: TrackerProgram, _ started: Int, _ status: Int, _ code: String
        ) async throws {
            let client = program.client
            for _ in 1...3 {
                let answer = try await client.post("/start", #"{"kind":"k","input":"\#(Self.padding)"}"#)
                #expect(answer.status == status && answer.code == code, "\(answer)")
                // There would be room for less.
                #expect(try await client.get("/health").json["status"].string == "degraded")
            }
            #expect(try await client.get("/status/p0").status == 200)
            #expect(try await client.get("/status/p\(started - 1)").status == 200)
            #expect(try await client.get("/status/p\(started)").status == 404)
            #expect(try await client.get("/stats").json["total"].int == started)
            #expect(
                try await client.get("/processes?fields=process_id&limit=1000").json["processes"].elements.count
                    == started)
            #expect(try await client.get("/health/live").status == 200)
        }

        private static func expectRecovery(_ program: TrackerProgram, _ started: Int) async throws {
            let client = program.client
            let answer = try await client.post("/start", #"{"kind":"k","id":"later","input":"\#(Self.padding)"}"#)
            #expect(answer.status == 202, "\(answer)")
            #expect(try await client.get("/health").json["status"].string == "ok")
            #expect(try await client.post("/complete/p0", #"{"result":1}"#).status == 200)
            #expect(try await client.get("/stats").json["total"].int == started + 1)
            try await RecordSurvey(client).expectCountsOfStats(client)
        }
    }
}
