import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessSQLite

@Suite("Versions", .timeLimit(.minutes(3)))
struct MigrationTests {
    /// A program one version ahead of this one.
    static func options(_ migration: String) -> SQLiteStoreOptions {
        var options = SQLiteStoreOptions()
        options.schema = SQLiteSchema(
            migrations: SQLiteSchema.current.migrations + [migration],
            objects: SQLiteSchema.current.objects.union(["chunks"]))
        return options
    }

    @Test("a file of an older version is brought to the newer one with all that is in it, and older programs refuse it")
    func migration() async throws {
        try await withStore { old, path in
            try await old.keep(.started("one"))
            await old.close()
            let options = Self.options("CREATE TABLE chunks (row INTEGER PRIMARY KEY) STRICT")
            let new = try openStore(path, options)
            expectEqual(try await new.record("one"), .started("one"))
            await new.close()
            let before = contents(of: path)
            let error = try #require(await openingError(path))
            #expect(error.code == .refused)
            #expect(error.message.contains("version \(options.schema.version)"))
            #expect(contents(of: path) == before)
            await (try openStore(path, options)).close()
        }
    }

    @Test("a file that somebody has open is not brought to a newer version, and stays as it was for them")
    func openElsewhere() async throws {
        try await withStore { old, path in
            try await old.keep(.started("one"))
            var options = Self.options("CREATE TABLE chunks (row INTEGER PRIMARY KEY) STRICT")
            options.busyTimeout = .milliseconds(20)
            let error = try #require(await openingError(path, options))
            #expect(error.code == .refused)
            #expect(error.message.contains("another program has it open: stop every instance"))
            try await old.keep(.started("two"))
            await old.close()
            let new = try openStore(path, options)
            expectEqual(try await new.record("one"), .started("one"))
            expectEqual(try await new.record("two"), .started("two"))
            await new.close()
        }
    }

    @Test("many instances of a newer version that start at once bring a file there once, and all open it")
    func manyAtOnce() async throws {
        try await withStore { old, path in
            try await old.keep(.started("one"))
            await old.close()
            var options = Self.options("CREATE TABLE chunks (row INTEGER PRIMARY KEY) STRICT")
            options.busyTimeout = .seconds(100)
            try await withThrowingTaskGroup(of: SQLiteProcessRepository.self) { [options] group in
                for _ in 0..<8 { group.addTask { try openStore(path, options) } }
                var stores: [SQLiteProcessRepository] = []
                for try await store in group { stores.append(store) }
                for store in stores {
                    expectEqual(try await store.record("one"), .started("one"))
                    await store.close()
                }
            }
        }
    }

    @Test("a file of the first version is brought to this one, and its processes put out")
    func streams() async throws {
        var first = SQLiteStoreOptions()
        first.schema = SQLiteSchema(
            migrations: Array(SQLiteSchema.current.migrations.prefix(1)),
            objects: SQLiteSchema.current.objects.subtracting([
                "streams", "stream_chunks", "streams_by_age", "moving", "idempotency_keys_by_process",
            ]))
        try await withStore(first) { old, path in
            try await old.keep(.started("one"), .finished("two"))
            await old.close()
            let new = try openStore(path)
            expectEqual(try await new.record("one"), .started("one"))
            #expect(try await new.page(of: "two") == StreamPage(chunks: [], last: 0, status: .completed))
            #expect(try await new.append(to: "one", "1", "2") == 1...2)
            #expect(try await new.removeEverythingFinished().map(\.id) == ["two"])
            await new.close()
            #expect(try SQLiteProcessRepository.check(path: path) == [])
            #expect(await openingError(path, first)?.code == .refused)
        }
    }

    @Test("of several steps, one that fails leaves the file as it was, for the program that it is from")
    func failingLaterStep() async throws {
        try await withStore { old, path in
            try await old.keep(.started("one"))
            await old.close()
            var options = Self.options("CREATE TABLE chunks (row INTEGER PRIMARY KEY) STRICT")
            options.schema = SQLiteSchema(
                migrations: options.schema.migrations + ["INSERT INTO nowhere VALUES (1)"],
                objects: options.schema.objects)
            #expect(await openingError(path, options) != nil)
            let again = try openStore(path)
            expectEqual(try await again.record("one"), .started("one"))
            await again.close()
        }
    }

    @Test("a new file takes all steps at once")
    func newFile() async throws {
        let options = Self.options("CREATE TABLE chunks (row INTEGER PRIMARY KEY) STRICT")
        try await withStore(options) { store, path in
            try await store.keep(.started("one"))
            let connection = try SQLiteConnection(path: path, mode: .readOnly, busyTimeout: .zero)
            #expect(try connection.integer("PRAGMA user_version") == options.schema.version)
        }
    }

    @Test("a step that fails leaves the file at the version before it")
    func failingStep() async throws {
        try await withStore { old, path in
            try await old.keep(.started("one"))
            await old.close()
            let failing = Self.options(
                "CREATE TABLE chunks (row INTEGER PRIMARY KEY) STRICT; CREATE TABLE processes (a)")
            #expect(await openingError(path, failing)?.code == .refused)
            let store = try openStore(path)
            expectEqual(try await store.record("one"), .started("one"))
            await store.close()
            #expect(try SQLiteProcessRepository.check(path: path) == [])
        }
    }
}
