import Glibc
import ProcessCore
import ProcessTestSupport

@testable import ProcessSQLite

/// Opens a store in a folder of its own, and closes it after the test.
func withStore(
    _ options: SQLiteStoreOptions = SQLiteStoreOptions(), clock: ManualClock = ManualClock(),
    onUnreadable: (@Sendable (ProcessID, String) -> Void)? = nil,
    _ body: (SQLiteProcessRepository, _ path: String) async throws -> Void
) async throws {
    try await TemporaryDirectory.with { folder in
        let path = "\(folder)/processes.db"
        let store = try SQLiteProcessRepository(
            path: path, options: options, now: clock.read, onUnreadable: onUnreadable)
        do {
            try await body(store, path)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }
}

/// Opens a store that may be there.
func openStore(
    _ path: String, _ options: SQLiteStoreOptions = SQLiteStoreOptions(), clock: ManualClock = ManualClock()
) throws(ProcessRepositoryError) -> SQLiteProcessRepository {
    try SQLiteProcessRepository(path: path, options: options, now: clock.read)
}

/// Runs SQL on a file the way an operator with the command line tool does.
func edit(_ path: String, _ sql: String) throws {
    try SQLiteConnection(path: path, mode: .readWrite, busyTimeout: .seconds(5)).execute(sql)
}

/// The error of opening a store, or `nil`.
func openingError(_ path: String, _ options: SQLiteStoreOptions = SQLiteStoreOptions()) async -> ProcessRepositoryError?
{
    do {
        await (try openStore(path, options)).close()
        return nil
    } catch {
        return error
    }
}

/// The bytes of a file; empty where there is none.
func contents(of path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&block, 1, block.count, file)
        if count == 0 { return bytes }
        bytes += block[..<count]
    }
}

/// Makes a file of these bytes.
func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "w") else { return }
    defer { fclose(file) }
    fwrite(bytes, 1, bytes.count, file)
}

/// The permission bits of a file or folder.
func permissions(of path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
}

/// The names in a folder.
func names(in path: String) -> Set<String> {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: Set<String> = []
    while let entry = readdir(folder) {
        names.insert(
            withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            })
    }
    return names.subtracting([".", ".."])
}
