import Glibc
import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessSQLite

@Suite("The file", .timeLimit(.minutes(3)))
struct FileTests {
    @Test("a new file and its folders are for their owner alone, the log beside it too")
    func permissionsOfNewFiles() async throws {
        try await TemporaryDirectory.with { folder in
            let path = "\(folder)/a/b/processes.db"
            let store = try openStore(path)
            try await store.keep(.started("one"))
            #expect(permissions(of: "\(folder)/a") == 0o700)
            #expect(permissions(of: "\(folder)/a/b") == 0o700)
            for suffix in ["", "-wal", "-shm"] { #expect(permissions(of: path + suffix) == 0o600) }
            await store.close()
            #expect(names(in: "\(folder)/a/b") == ["processes.db"])
        }
    }

    @Test("an empty file is a new store")
    func emptyFile() async throws {
        try await TemporaryDirectory.with { folder in
            let path = "\(folder)/processes.db"
            write([], to: path)
            let store = try openStore(path)
            try await store.keep(.started("one"))
            await store.close()
        }
    }

    @Test("what was kept is there when the store is opened again")
    func reopened() async throws {
        try await TemporaryDirectory.with { folder in
            let path = "\(folder)/processes.db"
            let first = try openStore(path)
            try await first.keep(.started("one"), .queued("two"))
            await first.close()
            let second = try openStore(path)
            expectEqual(try await second.record("two"), .queued("two"))
            #expect(try await second.counts().byStatus == [.running: 1, .pending: 1])
            await second.close()
        }
    }

    @Test("a store has the tables it says, and is marked as ours")
    func schemaObjects() async throws {
        try await withStore { _, path in
            let connection = try SQLiteConnection(path: path, mode: .readOnly, busyTimeout: .zero)
            let statement = try SQLiteStatement(
                "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'", on: connection)
            var names: Set<String> = []
            while try statement.step() { names.insert(statement.text(at: 0) ?? "") }
            #expect(names == SQLiteSchema.current.objects)
            #expect(try connection.integer("PRAGMA application_id") == SQLiteSchema.applicationID)
            #expect(try connection.text("PRAGMA journal_mode") == "wal")
            #expect(try connection.integer("PRAGMA auto_vacuum") == 2)
        }
    }

    /// Files that are not to be touched, each with a word of why.
    enum Foreign: String, CaseIterable, CustomTestStringConvertible {
        case text, shortText, zeros, otherDatabase, otherDatabaseWithLog, headerAlone, truncated, damagedSchema
        case newer, ofNoVersion, withoutTable, withoutIndex

        var testDescription: String { self.rawValue }

        /// A part of the reason.
        var reason: String {
            switch self {
            case .text, .shortText, .zeros: "no SQLite database"
            case .otherDatabase, .otherDatabaseWithLog: "another program"
            case .headerAlone, .truncated, .damagedSchema, .ofNoVersion: "damaged"
            case .newer: "version \(SQLiteSchema.current.version + 1)"
            case .withoutTable: "has no counts"
            case .withoutIndex: "has no processes_leases"
            }
        }

        func make(at path: String) async throws {
            switch self {
            case .text: write(Array(String(repeating: "not a database\n", count: 1000).utf8), to: path)
            case .shortText: write([0x68], to: path)
            case .zeros: write([UInt8](repeating: 0, count: 8192), to: path)
            case .otherDatabase:
                write([], to: path)
                try edit(path, "CREATE TABLE processes (id); INSERT INTO processes VALUES (1)")
            case .otherDatabaseWithLog:
                write([], to: path)
                try edit(path, "PRAGMA journal_mode = WAL; CREATE TABLE processes (id)")
            case .headerAlone, .truncated, .damagedSchema:
                try await Self.makeStore(at: path)
                var bytes = contents(of: path)
                switch self {
                case .headerAlone: bytes = Array(bytes[..<100])
                case .truncated: bytes = Array(bytes[..<(bytes.count - 4096)])
                default: for index in 100..<4096 { bytes[index] = 0xAA }
                }
                write(bytes, to: path)
            case .newer: try await Self.makeStore(at: path, "PRAGMA user_version = \(SQLiteSchema.current.version + 1)")
            case .ofNoVersion: try await Self.makeStore(at: path, "PRAGMA user_version = 0")
            case .withoutTable: try await Self.makeStore(at: path, "DROP TABLE counts")
            case .withoutIndex: try await Self.makeStore(at: path, "DROP INDEX processes_leases")
            }
        }

        private static func makeStore(at path: String, _ sql: String = "") async throws {
            let store = try openStore(path)
            try await store.keep(.started("one"))
            await store.close()
            try edit(path, sql)
        }
    }

    @Test(
        "a file that is not a store of this version is refused by name and left as it is", arguments: Foreign.allCases)
    func foreignFiles(foreign: Foreign) async throws {
        try await TemporaryDirectory.with { folder in
            let path = "\(folder)/processes.db"
            try await foreign.make(at: path)
            let before = contents(of: path)
            let namesBefore = names(in: folder)
            let error = try #require(await openingError(path))
            #expect(error.code == .refused)
            #expect(error.message.contains(path))
            #expect(error.message.contains(foreign.reason), "\(error.message)")
            #expect(contents(of: path) == before)
            #expect(names(in: folder) == namesBefore)
        }
    }

    @Test("a newer version that only the write-ahead log knows of is refused too")
    func newerInLog() async throws {
        try await withStore { store, path in
            try await store.keep(.started("one"))
            let newer = SQLiteSchema.current.version + 1
            try edit(path, "PRAGMA user_version = \(newer)")
            let before = contents(of: path)
            let error = try #require(await openingError(path))
            #expect(error.code == .refused)
            #expect(error.message.contains("version \(newer)") && error.message.contains("use a newer one"))
            #expect(contents(of: path) == before)
        }
    }

    @Test("a folder, a device and a path through a file are refused")
    func notAFile() async throws {
        try await TemporaryDirectory.with { folder in
            write([], to: "\(folder)/file")
            for path in [folder, "/dev/null", "\(folder)/file/processes.db"] {
                let error = try #require(await openingError(path))
                #expect(error.code == .refused)
                #expect(error.message.contains(path))
            }
            #expect(names(in: folder) == ["file"])
        }
    }

    @Test("a write-protected file or folder is refused, even to the superuser, and left as it is")
    func writeProtected() async throws {
        try await TemporaryDirectory.with { folder in
            let path = "\(folder)/processes.db"
            let store = try openStore(path)
            await store.close()
            let before = contents(of: path)
            chmod(path, 0o400)
            let ofFile = try #require(await openingError(path))
            #expect(ofFile.code == .refused)
            #expect(ofFile.message.contains("write-protected"))
            chmod(path, 0o600)
            chmod(folder, 0o500)
            let ofFolder = try #require(await openingError(path))
            chmod(folder, 0o700)
            #expect(ofFolder.code == .refused)
            #expect(ofFolder.message.contains("folder"))
            #expect(contents(of: path) == before)
        }
    }

    @Test("what a first start that was cut off left behind is cleared away")
    func cutOffCreation() async throws {
        try await TemporaryDirectory.with { folder in
            let path = "\(folder)/processes.db"
            write([], to: path)
            for suffix in [".new", ".new-wal", ".new-journal"] { write([1, 2, 3], to: path + suffix) }
            let store = try openStore(path)
            try await store.keep(.started("one"))
            await store.close()
            #expect(names(in: folder) == ["processes.db"])
            #expect(try SQLiteProcessRepository.check(path: path) == [])
        }
    }

    @Test("a link to an empty file stays a link, and the store is where it leads")
    func linkToEmptyFile() async throws {
        try await TemporaryDirectory.with { folder in
            write([], to: "\(folder)/elsewhere.db")
            symlink("\(folder)/elsewhere.db", "\(folder)/processes.db")
            let store = try openStore("\(folder)/processes.db")
            try await store.keep(.started("one"))
            await store.close()
            #expect(contents(of: "\(folder)/elsewhere.db").count > 4096)
            #expect(names(in: folder) == ["elsewhere.db", "processes.db"])
        }
    }

    @Test("several instances that make one new file at once all work on it")
    func openedAtOnce() async throws {
        try await TemporaryDirectory.with { folder in
            let path = "\(folder)/processes.db"
            let stores = try await withThrowingTaskGroup(of: SQLiteProcessRepository.self) { group in
                for _ in 0..<8 { group.addTask { try openStore(path) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for (index, store) in stores.enumerated() {
                try await store.keep(.started(ProcessID(trusted: "p\(index)")))
            }
            for store in stores { #expect(try await store.counts().total == 8) }
            for store in stores { await store.close() }
        }
    }

    @Test("of several instances that make one new file at once, one makes it, and none replaces what another made")
    func madeOnce() async throws {
        for _ in 0..<10 {
            try await TemporaryDirectory.with { folder in
                let file = SQLiteStoreFile(
                    path: "\(folder)/processes.db", schema: .current, busyTimeout: .seconds(5))
                // Not through opening, which lets one instance of a process do this at a time.
                let inodes = try await withThrowingTaskGroup(of: ino_t.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            try file.createIfMissing()
                            var status = stat()
                            return stat(file.path, &status) == 0 ? status.st_ino : 0
                        }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                #expect(inodes.count == 1)
                #expect(names(in: folder) == ["processes.db"])
            }
        }
    }
}
