import Testing

extension BuiltProgram {
    /// Claims that wait for work, against the built program.
    @Suite struct ParkedClaimTests {
        @Test("a worker that goes right after it began to wait is handed nothing")
        func goneWorker() async throws {
            let program = try await TrackerProgram(["TRACKER_REPOSITORY": "memory"])
            let body = #"{"queues":["q"],"worker":"gone"}"#
            for number in 0..<20 {
                do {
                    let worker = try RawSocket(to: program.address)
                    worker.send(
                        "POST /claim HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=20\r\nContent-Type: application/json\r\n"
                            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                    // By the time these are answered on each loop, the claim is parked on its own.
                    for _ in 0..<10 { _ = try await program.client.get("/health/live") }
                    withExtendedLifetime(worker) {}
                }
                for _ in 0..<10 { _ = try await program.client.get("/health/live") }
                let started = try await program.client.post("/start", #"{"kind":"report","queue":"q"}"#)
                #expect(started.status == 202)
                let id = try #require(started.json["process_id"].string)
                let seen = try await program.client.get("/status/\(id)")
                #expect(seen.json["status"].string == "pending", "round \(number): \(seen.text)")
                _ = try await program.client.post("/cancel/\(id)", "{}")
            }
        }
    }
}
