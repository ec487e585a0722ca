import Glibc
import ProcessTestSupport
import Testing

extension BuiltProgram {
    /// Descriptors that are closed, or that there are no more of.
    @Suite struct DescriptorTests {
        private static let closingOutput = ["sh", "-c", "exec \"$@\" >&-", "sh"]

        @Test("output into a closed standard output is lost, and the program and the tracker say so")
        func closedOutput() async throws {
            let program = try await TrackerProgram(["TRACKER_REPOSITORY": "memory"])
            let environment = ["TRACKER_URL": program.url]
            let run = try await TrackerProgram.run(
                ["run", "--id", "a", "--", "echo", "precious"], environment, prefix: Self.closingOutput)
            #expect(run.code == 1)
            #expect(run.standardError.contains("output was lost: standard output is closed"), "\(run)")
            let process = try await program.client.get("/status/a").json
            #expect(process["status"].string == "failed")
            #expect(process["error"]["code"].string == "output_lost")

            _ = try await program.client.post("/stream/a", #"{"chunks":[{"data":"x"}]}"#)
            for words in [["status", "a"], ["list"], ["stats"], ["tail", "a"], ["version"]] {
                let ending = try await TrackerProgram.run(words, environment, prefix: Self.closingOutput)
                #expect(ending.code == 1, "\(words): \(ending)")
                #expect(ending.standardError.contains("standard output"), "\(words): \(ending)")
            }
        }

        @Test("a closed standard output matters to nobody who writes nothing to it, and not to a service")
        func unusedOutput() async throws {
            let program = try await TrackerProgram(["TRACKER_REPOSITORY": "memory"])
            let environment = ["TRACKER_URL": program.url]
            let silent = ["run", "--id", "b", "--", "sh", "-c", "echo said >&2"]
            let run = try await TrackerProgram.run(silent, environment, prefix: Self.closingOutput)
            #expect(run.code == 0)
            #expect(run.standardError == "said\n")
            #expect(try await program.client.get("/status/b").json["status"].string == "completed")

            let service = try TrackerProgram.start(
                ["serve"], ["TRACKER_REPOSITORY": "memory"], prefix: Self.closingOutput)
            #expect(await service.errors.line(with: "The service is ready") != nil)
            service.signal(SIGTERM)
            #expect(await service.ending().code == 0)
        }

        @Test("a service without descriptors for more connections says so once, and goes on when there are some again")
        func noDescriptors() async throws {
            let program = try await TrackerProgram(
                ["TRACKER_REPOSITORY": "memory"], prefix: ["sh", "-c", "ulimit -n 200; exec \"$@\"", "sh"])
            do {
                let sockets = try (0..<250).map { _ in try RawSocket(to: program.address) }
                let line = try #require(await program.log.line(with: "No more connections"))
                #expect(line.contains("LimitNOFILE") && line.contains("200"), "\(line)")
                // Some are left to stores and libraries: one of them ends the program where it can't open a file.
                let isOpen = (184..<200).map { access("/proc/\(program.processID)/fd/\($0)", F_OK) == 0 }
                #expect(isOpen.filter { $0 }.count <= 2, "\(isOpen)")
                withExtendedLifetime(sockets) {}
            }
            #expect(try await program.client.get("/health/live").status == 200)
            #expect(await program.end(by: SIGTERM) == 0)
            let warnings = program.log.text.split(separator: "\n").filter { $0.contains("No more connections") }
            #expect(warnings.count == 1, "\(warnings)")
        }
    }
}
