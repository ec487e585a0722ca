import ProcessCore
import ProcessTestSupport
import Synchronization
import Testing

@testable import ProcessSQLite

@Suite("Rows that somebody else wrote to", .timeLimit(.minutes(3)))
struct UnreadableRowTests {
    static let edits = [
        "status = 'sleeping'", "input = '{'", "result = 'x'", "metadata = '[1]'", "metadata = '{\"a\":1}'",
        "backoff = '{}'", "retain = 'soon'", "error_code = 'x', error_details = ''",
        "has_large_input = 1, input = '1]'",
    ]

    @Test(
        "a record that can't be read is corrupt by itself, and lists, claims and cleanups pass over it",
        arguments: edits)
    func passedOver(edit change: String) async throws {
        let clock = ManualClock()
        let reported = Mutex<[String]>([])
        let report: @Sendable (ProcessID, String) -> Void = { id, _ in reported.withLock { $0.append(id.text) } }
        try await withStore(clock: clock, onUnreadable: report) { store, path in
            var done = ProcessRecord.started("b")
            done.finish(at: clock.now)
            try await store.keep(.queued("a"), done, .queued("c"))
            try edit(
                path,
                "UPDATE processes SET \(change) WHERE id IN ('a', 'b'); INSERT INTO large_inputs VALUES (1, '{'), (2, '{')"
            )

            for id in ["a", "b"] as [ProcessID] {
                guard case .corrupt(let reason) = try await store.find(id) else {
                    Issue.record("\(id) is not corrupt")
                    continue
                }
                #expect(!reason.isEmpty)
            }
            #expect(try await store.page(ProcessQuery()).records.map(\.id) == ["c"])
            #expect(try await store.claim(ClaimRequest(queues: ["default"], limit: 10)).map(\.id) == ["c"])
            #expect(try await store.removeEverythingFinished() == [])
            let insertion = try await store.insert(ProcessInsertion(.started("a")))
            guard case .exists(.corrupt) = insertion else {
                Issue.record("\(insertion)")
                return
            }

            #expect(try await store.cleanupAll(CleanupRequest(.corrupt, isDryRun: true)).map(\.id) == ["a", "b"])
            #expect(try await store.cleanupAll(CleanupRequest(.corrupt, limit: 1)).map(\.id) == ["a", "b"])
            #expect(try await store.counts().byStatus == [.running: 1])
            #expect(try await store.counts().byQueue == [:])
            #expect(reported.withLock { $0.count } == Set(reported.withLock { $0 }).count)
        }
    }

    @Test("the check finds what is wrong, and nothing where nothing is")
    func check() async throws {
        try await withStore { store, path in
            try await store.keep(.queued("a"), .started("b"))
            #expect(try SQLiteProcessRepository.check(path: path) == [])
            try edit(
                path,
                """
                UPDATE counts SET number = 7 WHERE sort = 'queue'; DELETE FROM counts WHERE name = 'running';
                UPDATE processes SET status = 'sleeping', expires_at = 1, is_delayed = 1 WHERE id = 'a';
                INSERT INTO large_inputs VALUES (99, '1')
                """)
            let findings = try SQLiteProcessRepository.check(path: path)
            for word in [
                "count of queue", "count of status running", "expires_at", "delayed", "no process", "can't be read",
            ] {
                #expect(findings.contains { $0.contains(word) }, "\(word) in \(findings)")
            }
        }
    }

    @Test("the check finds pages that were overwritten")
    func checkOfPages() async throws {
        try await withStore { store, path in
            for index in 0..<500 { try await store.keep(.queued(ProcessID(trusted: "p\(index)"))) }
            await store.close()
            var bytes = contents(of: path)
            for index in (bytes.count - 8192)..<(bytes.count - 4096) { bytes[index] = 0x5A }
            write(bytes, to: path)
            #expect(try !SQLiteProcessRepository.check(path: path).isEmpty)
        }
    }
}

@Suite("Output that somebody else wrote to", .timeLimit(.minutes(3)))
struct UnreadableChunkTests {
    @Test("a chunk that is no JSON fails for its own process, and for nobody else")
    func noJSON() async throws {
        try await withStore { store, path in
            for id: ProcessID in ["a", "b"] {
                try await store.keep(.started(id))
                try await store.append(to: id, "1", "2")
            }
            try edit(path, "UPDATE stream_chunks SET data = '{' WHERE idx = 2 AND stream = 1")
            await expectCode(.unexpectedAnswer) { _ = try await store.page(of: "a") }
            #expect(try await store.page(of: "a", limit: 1).chunks == [.content(1, "1")])
            #expect(try await store.page(of: "b").chunks.count == 2)
            #expect(try await store.append(to: "a", "3") == 3...3)
            #expect(try await store.page(of: "a", after: 2).chunks == [.content(3, "3")])
        }
    }

    @Test("the check finds output that belongs to nobody, and nothing wrong with what belongs to somebody")
    func check() async throws {
        try await withStore { store, path in
            for id: ProcessID in ["a", "b", "c"] {
                try await store.keep(.started(id))
                try await store.append(to: id, "1", "2")
            }
            try await store.change("a", by: .complete(result: nil))
            try await store.removeEverythingFinished()
            #expect(try SQLiteProcessRepository.check(path: path) == [])
            try edit(
                path,
                """
                UPDATE streams SET process = 77 WHERE stream = 2; UPDATE streams SET last = 1 WHERE stream = 3;
                INSERT INTO stream_chunks VALUES (9, 1, 't', '1')
                """)
            let findings = try SQLiteProcessRepository.check(path: path)
            #expect(findings.map { $0.prefix(8) } == ["stream 2", "stream 3", "stream 9"])
        }
    }

    @Test("what a removed process put out is gone from the file in the end")
    func leftovers() async throws {
        try await withStore { store, path in
            try await store.keep(.started("a"))
            try await store.append(to: "a", "1", "2")
            try await store.change("a", by: .complete(result: nil))
            try await store.removeEverythingFinished()
            while try await store.removeStreams(endedBy: ManualClock.start) {}
            let connection = try SQLiteConnection(path: path, mode: .readOnly, busyTimeout: .zero)
            #expect(try connection.integer("SELECT count(*) FROM stream_chunks") == 0)
            #expect(try connection.integer("SELECT count(*) FROM streams") == 0)
        }
    }
}
