import Glibc
import HTTPTransport
import ProcessTestSupport
import Testing

extension BuiltProgram {
    /// Events and output, over real connections, instances and restarts.
    @Suite struct WatchTests {
        /// Where two instances keep processes; in memory there is one instance, which is both.
        enum Store: String, CaseIterable {
            case memory, sqlite, redis

            func withTwoInstances(
                _ body: (TrackerProgram, TrackerProgram) async throws -> Void
            ) async throws {
                switch self {
                case .memory:
                    let program = try await TrackerProgram(["TRACKER_REPOSITORY": "memory"])
                    try await body(program, program)
                case .sqlite:
                    try await TemporaryDirectory.with { folder in
                        let path = "\(folder)/processes.db"
                        try await body(TrackerProgram(sqlite: path), TrackerProgram(sqlite: path))
                    }
                case .redis:
                    try await RedisServer.with { server in
                        try await body(TrackerProgram(redis: server), TrackerProgram(redis: server))
                    }
                }
            }
        }

        @Test("a process is watched on one instance while it changes on the other", arguments: Store.allCases)
        func events(store: Store) async throws {
            try await store.withTwoInstances { here, there in
                _ = try await here.client.post("/start", #"{"kind":"report","id":"a"}"#)
                let one = try await EventConnection(to: there.address, "/events/a")
                let all = try await EventConnection(to: there.address, "/events?kind=report&fields=process_id,status")
                #expect(one.status == 200 && all.status == 200)
                #expect(try await one.next()?.id == "1")
                #expect(try await all.next()?.data == #"{"process_id":"a","status":"running"}"#)
                let reported = try await here.client.post("/progress/a", #"{"fraction":0.5}"#)
                #expect(try await one.next()?.data == reported.text)
                let ended = try await here.client.post("/complete/a", #"{"result":[1.10]}"#)
                let last = try #require(try await one.next())
                #expect(last.id == "3" && last.data == ended.text)
                #expect(try await one.next() == nil)
                while let event = try await all.next() {
                    if event.data == #"{"process_id":"a","status":"completed"}"# { break }
                }
                let late = try await EventConnection(to: here.address, "/events/a", ["Last-Event-ID": "3"])
                #expect(try await late.next()?.data == ended.text)
                #expect(try await late.next() == nil)
                #expect(try await EventConnection(to: here.address, "/events/never").status == 404)
            }
        }

        @Test(
            "2,000 chunks reach a reader that is dropped fifty times, each once and in order",
            arguments: Store.allCases)
        func droppedReader(store: Store) async throws {
            try await store.withTwoInstances { here, there in
                _ = try await here.client.post("/start", #"{"kind":"chat","id":"a"}"#)
                let writing = Task { () async throws -> Void in
                    let clients = [TrackerConnection(to: here.address), TrackerConnection(to: there.address)]
                    for first in stride(from: 1, through: 2000, by: 5) {
                        let chunks = (first..<first + 5).map { #"{"type":"t","data":"word \#($0)\n"}"# }
                        let body = "[\(chunks.joined(separator: ","))]"
                        #expect(try await clients[first % 2].post("/stream/a", body).json["last"].int == first + 4)
                    }
                    #expect(try await clients[0].post("/complete/a").status == 200)
                }
                var seen = 0
                var round = 0
                var hasEnded = false
                while !hasEnded {
                    let program = round.isMultiple(of: 2) ? here : there
                    let events = try await EventConnection(
                        to: program.address, "/stream/a", seen > 0 ? ["Last-Event-ID": "\(seen)"] : [:])
                    // It goes in the middle of what comes, fifty times; then it stays.
                    let limit = round < 50 ? seen + 1 + round % 60 : .max
                    while seen < limit, let event = try await events.next() {
                        if event.name == "done" {
                            hasEnded = true
                            continue
                        }
                        seen += 1
                        #expect(event.id == "\(seen)" && event.data == "\"word \(seen)\\n\"", "\(event)")
                    }
                    events.close()
                    round += 1
                }
                #expect(seen == 2000)
                #expect(round > 50)
                try await writing.value
            }
        }

        @Test("watch and tail go on behind a restart of the service, and their exit codes tell the end")
        func restart() async throws {
            try await TemporaryDirectory.with { folder in
                let path = "\(folder)/processes.db"
                let first = try await TrackerProgram(sqlite: path)
                _ = try await first.client.post("/start", #"{"kind":"chat","id":"a"}"#)
                _ = try await first.client.post("/stream/a", #"{"type":"content","data":"one "}"#)
                let environment = ["TRACKER_URL": first.url]
                let watch = try TrackerProgram.start(["watch", "a"], environment)
                let tail = try TrackerProgram.start(["tail", "a", "--json"], environment)
                #expect(await watch.output.line() != nil)
                #expect(await tail.output.line()?.contains("one ") == true)
                #expect(await first.end(by: SIGKILL) == 128 + SIGKILL)

                let second = try await TrackerProgram(
                    sqlite: path, ["TRACKER_LISTEN": first.address.description])
                _ = try await second.client.post("/stream/a", #"{"type":"content","data":"two"}"#)
                #expect(await tail.output.line(with: "two") != nil)
                _ = try await second.client.post("/fail/a", #"{"error":{"code":"broken","message":"it broke"}}"#)
                let watched = await watch.ending()
                #expect(watched.code == 1, "\(watched)")
                #expect(watched.standardOutput.contains("it broke"), "\(watched)")
                let tailed = await tail.ending()
                #expect(tailed.code == 1, "\(tailed)")
            }
        }
    }
}
