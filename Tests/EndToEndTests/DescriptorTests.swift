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
    }
}
