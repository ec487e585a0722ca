import Glibc
import ProcessTestSupport
import Testing

@testable import ProcessSQLite

@Suite("The buffer before the write-ahead log")
struct LogBufferTests {
    /// Some megabytes in rows that begin with a word.
    private func rows(_ word: String) -> String {
        """
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000)
        INSERT INTO tombstones SELECT '\(word)-' || n || hex(randomblob(500)), 'completed', n, n FROM numbers;
        """
    }

    private func count(_ word: String, _ connection: SQLiteConnection) throws(SQLiteError) -> Int64 {
        try connection.integer("SELECT count(*) FROM tombstones WHERE id LIKE '\(word)-%'")
    }

    private func withFile(_ body: (SQLiteConnection, _ other: SQLiteConnection) throws -> Void) async throws {
        try await TemporaryDirectory.with { folder in
            let path = "\(folder)/processes.db"
            let file = SQLiteStoreFile(path: path, schema: .current, busyTimeout: .seconds(5))
            let connection = try file.openForWriting()
            try body(connection, try SQLiteConnection(path: path, mode: .readWrite, busyTimeout: .seconds(5)))
        }
    }

    @Test("a transaction of many pages is written by few calls")
    func fewCalls() async throws {
        /// How often this thread has called the system to write; `nil` where the system does not count that.
        func calls() -> Int? {
            let lines = String(decoding: contents(of: "/proc/thread-self/io"), as: UTF8.self).split(separator: "\n")
            return lines.first { $0.hasPrefix("syscw: ") }.flatMap { Int($0.dropFirst(7)) }
        }
        try await self.withFile { connection, _ in
            try connection.execute(self.rows("first"))
            try connection.execute("BEGIN IMMEDIATE; UPDATE tombstones SET status = 'failed' WHERE removed_at < 100")
            guard let before = calls() else { return }
            try connection.execute("COMMIT")
            // More than fifty pages, each of which SQLite writes with two calls.
            #expect(try #require(calls()) - before < 10)
        }
    }

    @Test("pages that leave the cache before the commit are read again, and seen by others after it")
    func spill() async throws {
        try await self.withFile { connection, other in
            try connection.execute("PRAGMA cache_size = 10; BEGIN IMMEDIATE; \(self.rows("kept"))")
            #expect(try self.count("kept", connection) == 2000)
            #expect(try self.count("kept", other) == 0)
            try connection.execute("UPDATE tombstones SET status = 'failed'; COMMIT")
            #expect(try self.count("kept", other) == 2000)
            #expect(try other.text("PRAGMA integrity_check") == "ok")
        }
    }

    @Test("what was undone is not written over what somebody else has written since", arguments: [false, true])
    func undone(bySQLite: Bool) async throws {
        try await self.withFile { connection, other in
            try connection.execute("PRAGMA cache_size = 10")
            for round in 0..<5 {
                try connection.execute("BEGIN IMMEDIATE; \(self.rows("undone"))")
                if bySQLite {
                    // A conflict that undoes the whole transaction, as a full disk does.
                    #expect(throws: SQLiteError.self) {
                        try connection.execute("INSERT OR ROLLBACK INTO counts VALUES ('a', 'a', 1), ('a', 'a', 1)")
                    }
                } else {
                    try connection.execute("ROLLBACK")
                }
                #expect(!connection.isInTransaction)
                try other.execute(self.rows("others\(round)"))
                try connection.execute(self.rows("ours\(round)"))
            }
            for reader in [connection, other] {
                #expect(try self.count("undone", reader) == 0)
                for round in 0..<5 {
                    #expect(try self.count("others\(round)", reader) == 2000)
                    #expect(try self.count("ours\(round)", reader) == 2000)
                }
                #expect(try reader.text("PRAGMA integrity_check") == "ok")
            }
        }
    }
}
