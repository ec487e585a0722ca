import Glibc
import HTTPTransport
import ProcessTestSupport
import Testing

extension BuiltProgram {
    /// The commands of the README work as printed.
    @Suite struct ReadmeTests {
        /// A line to type, and what the page says comes of it.
        struct Step {
            var command: String
            var printed: [String] = []
            var output = ""
        }

        @Test("the commands of the README's first screen do what it says, and answer what it prints")
        func firstScreen() async throws {
            try await TemporaryDirectory.with { folder in
                let program = try await TrackerProgram(sqlite: "\(folder)/processes.db")
                #expect(mkdir("\(folder)/doc", 0o700) == 0)
                try TestFiles.write(Array("a page\n".utf8), to: "\(folder)/doc/page")
                var steps = try Self.steps(of: "Ten minutes").filter { !$0.command.contains("make ") }
                try #require(steps.count >= 10, "there is little left of the page")
                try await Self.run(&steps, on: program, in: folder)
                for step in steps where !step.printed.isEmpty {
                    #expect(step.output.split(separator: "\n").map(String.init) == step.printed, "\(step.command)")
                }
                func outputs(_ words: String) -> [String] {
                    steps.filter { $0.command.contains(words) }.map(\.output)
                }
                #expect(outputs("/start")[0].contains(#""status":"running""#))
                #expect(outputs("/progress/")[0].contains(#""message":"rendering page 42""#))
                #expect(outputs("/complete/")[0].contains(#""status":"completed""#))
                #expect(outputs("dry_run=true")[0].contains(#"{"removed":1,"remaining":0,"dry_run":true,"#))
                #expect(outputs("older_than=0\"")[0].contains(#"{"removed":1,"remaining":0,"dry_run":false,"#))
                let last = try #require(outputs("/status/").last)
                #expect(last.contains(#""status":410"#) && last.contains(#""process_status":"completed""#), "\(last)")
                #expect(outputs("process-tracker list")[0].contains("backup"), "\(steps)")
                #expect(TestFiles.names(in: folder).contains("doc.tar.gz"))
                let listed = try await program.client.allProcesses("&kind=backup")
                #expect(listed.first?["status"].string == "completed", "\(listed)")
                #expect(listed.first?["result"]["exit_code"].int == 0, "\(listed)")
            }
        }

        @Test("the commands of the README's section on watching show news, the end, and output in order")
        func watching() async throws {
            try await TemporaryDirectory.with { folder in
                let program = try await TrackerProgram(["TRACKER_REPOSITORY": "memory"])
                var steps = try Self.steps(of: "Watch it live")
                try #require(steps.count == 8, "the section has changed: look here, too")
                try await Self.run(&steps, on: program, in: folder)
                let events = steps[2].output
                #expect(events.contains("event: process") && events.contains(#""status":"completed""#), "\(events)")
                #expect(steps[3].output == #"{"status":"completed"}"#)
                #expect(steps[5].output == #"{"first":1,"last":2}"#)
                let output = steps[7].output
                #expect(
                    output.contains(#""Hel""#) && output.contains(#""lo""#) && output.contains("event: done"),
                    "\(output)")
            }
        }

        @Test("a command is tracked, and can be watched with status, list, stats and cleanup meanwhile")
        func runCommand() async throws {
            try await TemporaryDirectory.with { folder in
                let program = try await TrackerProgram(sqlite: "\(folder)/processes.db")
                let environment = ["TRACKER_URL": program.url]
                #expect(mkdir("\(folder)/doc", 0o700) == 0 && mkfifo("\(folder)/gate", 0o600) == 0)
                for number in 0..<20 {
                    try TestFiles.write(Array(repeating: 0x61, count: 10_000), to: "\(folder)/doc/page-\(number)")
                }
                // It waits in the middle, for as long as it is looked at.
                let script =
                    "tar czf doc.tar.gz doc && echo packed 20 pages && read -r line < gate && echo \"$line\" && exit 7"
                let words = [
                    "run", "--kind", "backup", "--id", "nightly", "--", "sh", "-c", "cd '\(folder)' && \(script)",
                ]
                let child = try TrackerProgram.start(words, environment)
                #expect(await child.output.line(with: "packed 20 pages") != nil)
                _ = try await program.client.ask("/status/nightly") {
                    $0.json["progress"]["message"].string == "packed 20 pages"
                }
                let status = try await TrackerProgram.run(["status", "nightly"], environment)
                #expect(status.code == 0 && status.standardOutput.contains("packed 20 pages"), "\(status)")
                #expect(status.standardOutput.contains("running"), "\(status)")
                let list = try await TrackerProgram.run(["list", "--status", "running", "--json"], environment)
                #expect(
                    JSONNode(list.standardOutput).elements.map { $0["process_id"].string } == ["nightly"], "\(list)")
                let stats = try await TrackerProgram.run(["stats", "--json"], environment)
                #expect(JSONNode(stats.standardOutput)["by_status"]["running"].int == 1, "\(stats)")
                #expect(try await TrackerProgram.run(["stats"], environment).standardOutput.contains("backup"))

                let gate = "\(folder)/gate"
                _ = await onThread { try? TestFiles.write(Array("all done\n".utf8), to: gate) }
                let ending = await child.ending()
                #expect(ending.code == 7, "\(ending)")
                #expect(ending.standardOutput == "packed 20 pages\nall done\n", "\(ending)")
                let record = try await program.client.get("/status/nightly").json
                #expect(record["status"].string == "failed" && record["error"]["code"].string == "exit_7", "\(record)")

                let dry = try await TrackerProgram.run(
                    ["cleanup", "--older-than", "0", "--dry-run", "--json"], environment)
                #expect(dry.code == 0 && JSONNode(dry.standardOutput)["removed"].int == 1, "\(dry)")
                #expect(try await program.client.get("/status/nightly").status == 200)
                let cleanup = try await TrackerProgram.run(["cleanup", "--older-than", "0", "--yes"], environment)
                #expect(cleanup.code == 0, "\(cleanup)")
                let gone = try await TrackerProgram.run(["status", "nightly"], environment)
                #expect(gone.code == 1 && !gone.standardError.isEmpty, "\(gone)")
            }
        }

        @Test("a tracked command runs all the same where no tracker answers, with one warning")
        func noTracker() async throws {
            let program = try await TrackerProgram(["TRACKER_REPOSITORY": "memory"])
            let environment = ["TRACKER_URL": program.url]
            #expect(await program.end(by: SIGKILL) == 128 + SIGKILL)
            let ending = try await TrackerProgram.run(["run", "--", "sh", "-c", "echo hello; exit 3"], environment)
            #expect(ending.code == 3 && ending.standardOutput == "hello\n", "\(ending)")
            #expect(ending.errorLines == 1, "\(ending)")
            let refused = try await TrackerProgram.run(["run", "--require", "--", "echo", "hello"], environment)
            #expect(refused.code == 1 && refused.standardOutput.isEmpty, "\(refused)")
        }

        // MARK: The page

        /// The commands of a section, with the lines printed under each.
        private static func steps(of section: String, _ file: StaticString = #filePath) throws -> [Step] {
            let root = "\(file)".split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(
                separator: "/")
            let page = String(decoding: try TestFiles.read("\(root)/README.md"), as: UTF8.self)
            var steps: [Step] = []
            var isInSection = false
            var isInBlock = false
            for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
                if line.hasPrefix("## ") { isInSection = line == "## \(section)" }
                if line.hasPrefix("```") {
                    isInBlock = line == "```console"
                } else if isInSection, isInBlock {
                    if line.hasPrefix("$ ") {
                        steps.append(Step(command: String(line.dropFirst(2))))
                    } else {
                        steps[steps.count - 1].printed.append(String(line))
                    }
                }
            }
            return steps
        }

        /// Types the commands into one shell, with the test's own program, port and folder in place of the page's.
        private static func run(_ steps: inout [Step], on program: TrackerProgram, in folder: String) async throws {
            let path = try TrackerProgram.path
            let script = steps.enumerated().map { number, step in
                let command = step.command.replacing("localhost:8080", with: program.address.description)
                    .replacing("sleep 3", with: "sleep 0").replacing("/tmp/", with: "\(folder)/").replacing(
                        "/usr/share/doc", with: "\(folder)/doc"
                    )
                    .replacing(".build/release/process-tracker", with: path)
                return "{ \(command)\n} > '\(folder)/\(number).out' || { echo \"line \(number) failed\" >&2; exit 1; }"
            }.joined(separator: "\n")
            var environment = ["TRACKER_URL": program.url]
            if let path = getenv("PATH") { environment["PATH"] = String(cString: path) }
            let ending = await (try ChildProgram(["sh", "-c", script], environment)).ending()
            #expect(ending.code == 0, "\(ending)")
            for number in steps.indices {
                let output = try TestFiles.read("\(folder)/\(number).out")
                steps[number].output = String(decoding: output, as: UTF8.self)
            }
        }
    }
}
