import Glibc
import ProcessCore
import Synchronization

@testable import ProcessSQLite

/// Makes a folder for the time of a test, and removes it with all that is in it.
func withFolder<Answer>(_ body: (String) async throws -> Answer) async throws -> Answer {
    var template = Array("/tmp/process-sqlite-XXXXXX".utf8CString)
    let path = try template.withUnsafeMutableBufferPointer { buffer in
        guard let made = mkdtemp(buffer.baseAddress) else { throw FixtureError("no temporary folder") }
        return String(cString: made)
    }
    defer { removeTree(path) }
    return try await body(path)
}

struct FixtureError: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

private func removeTree(_ path: String) {
    chmod(path, 0o700)
    if let folder = opendir(path) {
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { removeTree("\(path)/\(name)") }
        }
        closedir(folder)
        rmdir(path)
    } else {
        unlink(path)
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
func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) throws {
    guard let file = fopen(path, "w") else { throw FixtureError("can't write \(path)") }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw FixtureError("can't write \(path)") }
    chmod(path, mode)
}

/// The permission bits of a file or folder.
func permissions(of path: String) -> mode_t {
    var status = stat()
    guard stat(path, &status) == 0 else { return 0 }
    return status.st_mode & 0o777
}

/// The names in a folder.
func names(in path: String) -> Set<String> {
    var names: Set<String> = []
    guard let folder = opendir(path) else { return names }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.insert(name) }
    }
    return names
}

/// Runs SQL on a file the way an operator with the command line tool does.
func edit(_ path: String, _ sql: String) throws {
    try SQLiteConnection(path: path, mode: .readWrite, busyTimeout: .seconds(5)).execute(sql)
}

/// A clock that stands still until a test moves it.
final class ManualClock: Sendable {
    private let milliseconds: Mutex<Int64>

    init(_ milliseconds: Int64 = 1_700_000_000_000) {
        self.milliseconds = Mutex(milliseconds)
    }

    var now: Timestamp { Timestamp(milliseconds: self.milliseconds.withLock { $0 }) }

    func advance(by duration: Duration) { self.milliseconds.withLock { $0 += duration.milliseconds } }
}

/// Opens a store in a folder of its own, and closes it after the test.
func withStore<Answer>(
    _ options: SQLiteStoreOptions = SQLiteStoreOptions(), clock: ManualClock = ManualClock(),
    onUnreadable: (@Sendable (ProcessID, String) -> Void)? = nil,
    _ body: (SQLiteProcessRepository, String) async throws -> Answer
) async throws -> Answer {
    try await withFolder { folder in
        let path = "\(folder)/processes.db"
        let repository = try SQLiteProcessRepository(
            path: path, options: options, now: { clock.now }, onUnreadable: onUnreadable)
        let result: Result<Answer, any Error>
        do { result = .success(try await body(repository, path)) } catch { result = .failure(error) }
        await repository.close()
        return try result.get()
    }
}

/// Opens a store that is there.
func openStore(
    _ path: String, _ options: SQLiteStoreOptions = SQLiteStoreOptions(), clock: ManualClock = ManualClock()
) throws(ProcessRepositoryError) -> SQLiteProcessRepository {
    try SQLiteProcessRepository(path: path, options: options, now: { clock.now })
}

/// The error of a call, or `nil`.
func failure(
    of body: () async throws(ProcessRepositoryError) -> some Any
) async -> ProcessRepositoryError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

/// A small record.
func record(_ id: String, kind: String = "report", queue: String? = nil, at milliseconds: Int64 = 1) -> ProcessRecord {
    var start = ProcessStart(kind: kind)
    start.queue = queue
    return ProcessRecord(
        starting: start, as: ProcessID(trusted: id), at: Timestamp(milliseconds: milliseconds))
}
