import Glibc
import ProcessTestSupport
import Testing

extension BuiltProgram {
    /// Files that the program must not take for its store.
    @Suite struct StoreFileTests {
        /// What is wrong with a file, made from a good one.
        enum Damage: String, CaseIterable {
            case text = "is no SQLite database"
            case foreign = "of another program"
            case newer = "newer"
            case noSchema = "damaged"
            case truncated = "shorter"

            func apply(to good: [UInt8]) -> [UInt8] {
                var bytes = good
                switch self {
                case .text: return Array("These are my notes, and not a database.\n".utf8)
                case .foreign: bytes.replaceSubrange(68..<72, with: [0x12, 0x34, 0x56, 0x78])  // application_id
                case .newer: bytes.replaceSubrange(60..<64, with: [0, 0, 3, 0xE7])  // user_version
                case .noSchema: for index in 100..<4000 { bytes[index] = 0xA5 }
                case .truncated: bytes.removeLast(bytes.count / 2)
                }
                return bytes
            }
        }

        @Test(
            "a foreign, newer or damaged file is exit 1 and a line that names it, and stays as it is",
            arguments: Damage.allCases)
        func damagedFile(damage: Damage) async throws {
            try await TemporaryDirectory.with { folder in
                let path = "\(folder)/processes.db"
                let bytes = damage.apply(to: try await Self.goodFile(path))
                try TestFiles.write(bytes, to: path)
                let names = TestFiles.names(in: folder)
                let environment = ["TRACKER_SQLITE_PATH": path]
                for _ in 1...2 {  // the first start must not have altered anything for the second
                    let ending = try await TrackerProgram.run(["serve"], environment)
                    #expect(ending.code == 1 && ending.standardOutput.isEmpty, "\(ending)")
                    #expect(ending.lastLine.contains(path), "\(ending)")
                    #expect(ending.lastLine.contains(damage.rawValue), "\(ending)")
                    #expect(try TestFiles.read(path) == bytes, "the file was altered")
                    #expect(TestFiles.names(in: folder) == names)
                }
                let check = try await TrackerProgram.run(["check", path])
                #expect(check.code == 1 && check.standardError.contains(path), "\(check)")
                #expect(try TestFiles.read(path) == bytes, "check altered the file")
                #expect(TestFiles.names(in: folder) == names)
            }
        }

        @Test("damage inside the tables is found by check, which only reads")
        func check() async throws {
            try await TemporaryDirectory.with { folder in
                let path = "\(folder)/processes.db"
                var bytes = try await Self.goodFile(path)
                #expect(try await TrackerProgram.run(["check", path]).code == 0)
                #expect(try TestFiles.read(path) == bytes)
                let status = Array("running".utf8)
                let place = try #require(bytes.indices.first { bytes[$0...].starts(with: status) && $0 > 8192 })
                bytes.replaceSubrange(place..<place + status.count, with: Array("ruNNing".utf8))
                try TestFiles.write(bytes, to: path)
                let ending = try await TrackerProgram.run(["check", path])
                #expect(ending.code == 1, "\(ending)")
                #expect(try TestFiles.read(path) == bytes)
            }
        }

        @Test(
            "a backup that is put in the file's place under a running service is not harmed, and nothing more is acknowledged"
        )
        func replacedWhileRunning() async throws {
            try await TemporaryDirectory.with { folder in
                let path = "\(folder)/processes.db"
                let bytes = try await Self.goodFile(path)
                try TestFiles.write(bytes, to: "\(folder)/backup.db")
                let program = try await TrackerProgram(sqlite: path)
                let client = program.client
                for number in 0..<20 {
                    #expect(try await client.post("/start", #"{"kind":"k","id":"later\#(number)"}"#).status == 202)
                }
                #expect(try await client.get("/health/ready").status == 200)
                #expect(rename("\(folder)/backup.db", path) == 0)

                let answer = try await client.post("/start", #"{"kind":"k","id":"lost"}"#)
                #expect(answer.status == 503 && answer.code == "store_unavailable", "\(answer)")
                let detail = answer.json["detail"].string ?? ""
                #expect(detail.contains(path) && detail.contains("nothing was changed: restart"), "\(detail)")
                #expect(try await client.get("/health").json["status"].string == "down")
                #expect(try await client.get("/health/ready").status == 503)
                #expect(await program.log.line(with: "was moved, removed or replaced: restart the service") != nil)
                #expect(await program.end(by: SIGTERM) == 0)
                #expect(try TestFiles.read(path) == bytes)

                let next = try await TrackerProgram(sqlite: path)
                #expect(try await next.client.get("/status/p49").status == 200)
                #expect(try await next.client.get("/status/later0").status == 404)
                #expect(await next.end(by: SIGTERM) == 0)
                #expect(try await TrackerProgram.run(["check", path]).code == 0)
            }
        }

        @Test("a folder in the file's place is exit 1 and a line that names it")
        func folderInItsPlace() async throws {
            try await TemporaryDirectory.with { folder in
                let path = "\(folder)/processes.db"
                #expect(mkdir(path, 0o700) == 0)
                try await Self.expectRefusal(of: path, "folder")
                #expect(TestFiles.names(in: path).isEmpty && TestFiles.names(in: folder) == ["processes.db"])
            }
        }

        @Test("a write-protected file or folder is exit 1 and a line that names it, and stays as it is")
        func writeProtected() async throws {
            try await TemporaryDirectory.with { folder in
                let path = "\(folder)/store/processes.db"
                let bytes = try await Self.goodFile(path)
                #expect(chmod(path, 0o444) == 0)
                try await Self.expectRefusal(of: path, "")
                #expect(chmod(path, 0o600) == 0 && chmod("\(folder)/store", 0o555) == 0)
                try await Self.expectRefusal(of: path, "")
                #expect(chmod("\(folder)/store", 0o700) == 0)
                #expect(try TestFiles.read(path) == bytes)
                #expect(TestFiles.names(in: "\(folder)/store") == ["processes.db"])
            }
        }

        @Test("a file that can't be made is exit 1 and a line that names it")
        func cannotBeMade() async throws {
            try await Self.expectRefusal(of: "/proc/tracker/processes.db", "")
            try await Self.expectRefusal(of: "/dev/null/processes.db", "")
            try await Self.expectRefusal(of: "/dev/null", "regular file")
        }

        @Test(
            "a file on a read-only file system is exit 1 and a line that names it",
            .enabled(if: OwnFileSystem.isAllowed))
        func readOnlyFileSystem() async throws {
            try await TemporaryDirectory.with { folder in
                let path = "\(folder)/processes.db"
                let bytes = try await Self.goodFile(path)
                let prefix = OwnFileSystem.prefix(
                    "mount --bind '\(folder)' '\(folder)' && mount -o remount,ro,bind '\(folder)'")
                try await Self.expectRefusal(of: path, "", prefix: prefix)
                try await Self.expectRefusal(of: "\(folder)/new.db", "", prefix: prefix)
                #expect(try TestFiles.read(path) == bytes)
                #expect(TestFiles.names(in: folder) == ["processes.db"])
            }
        }

        /// A store with some processes in it, closed.
        private static func goodFile(_ path: String) async throws -> [UInt8] {
            let program = try await TrackerProgram(sqlite: path)
            for number in 0..<50 {
                let body = #"{"kind":"k","id":"p\#(number)","input":"\#(String(repeating: "x", count: 500))"}"#
                #expect(try await program.client.post("/start", body).status == 202)
            }
            #expect(await program.end(by: SIGTERM) == 0)
            return try TestFiles.read(path)
        }

        private static func expectRefusal(
            of path: String, _ reason: String, prefix: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let ending = try await TrackerProgram.run(["serve"], ["TRACKER_SQLITE_PATH": path], prefix: prefix)
            #expect(ending.code == 1 && ending.standardOutput.isEmpty, "\(ending)", sourceLocation: sourceLocation)
            #expect(ending.lastLine.contains(path), "\(ending)", sourceLocation: sourceLocation)
            #expect(reason.isEmpty || ending.lastLine.contains(reason), "\(ending)", sourceLocation: sourceLocation)
        }
    }
}
