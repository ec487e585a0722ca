import Glibc
import ProcessCore
import ProcessTestSupport
import Synchronization
import Testing

@testable import ProcessSQLite

@Suite("A file that is moved away or damaged under an open store", .timeLimit(.minutes(3)))
struct LostFileTests {
    /// What somebody does to the files of a store.
    enum Loss: String, CaseIterable, CustomTestStringConvertible {
        case removed, moved, replaced, movedWithLog, logRemoved

        var testDescription: String { self.rawValue }

        /// The word of the message for which file it was.
        var subject: String { self == .logRemoved ? "write-ahead log" : "database file" }

        func happen(to path: String, backup: String) {
            switch self {
            case .removed: unlink(path)
            case .moved: rename(path, "\(path).old")
            case .replaced: rename(backup, path)
            case .movedWithLog: for suffix in ["-wal", "-shm", ""] { rename(path + suffix, "\(path).old\(suffix)") }
            case .logRemoved: unlink("\(path)-wal")
            }
        }
    }

    @Test(
        "writes are refused, health is down, somebody is told once, and closing leaves alone what is there now",
        arguments: Loss.allCases)
    func lost(loss: Loss) async throws {
        try await TemporaryDirectory.with { folder in
            let path = "\(folder)/processes.db"
            let backup = "\(folder)/backup.db"
            let first = try openStore(path)
            try await first.keep(.started("old"))
            await first.close()
            write(contents(of: path), to: backup)
            let bytes = contents(of: path)

            let faults = Mutex<[String]>([])
            let store = try SQLiteProcessRepository(
                path: path, options: SQLiteStoreOptions(), now: ManualClock().read,
                onFault: { fault in faults.withLock { $0.append(fault) } })
            for index in 0..<20 { try await store.keep(.started(ProcessID(trusted: "p\(index)"))) }
            #expect(await store.health().state == .ok)
            loss.happen(to: path, backup: backup)

            for _ in 1...2 {
                do {
                    try await store.keep(.started("later"))
                    Issue.record("it was acknowledged")
                } catch let error as ProcessRepositoryError {
                    #expect(error.code == .unavailable)
                    #expect(error.message.contains(path) && error.message.contains(loss.subject), "\(error)")
                    #expect(error.explanation?.advice == "restart the service")
                }
                let health = await store.health()
                #expect(health.state == .down)
                #expect(health.reason?.contains("moved, removed or replaced") == true)
            }
            #expect(faults.withLock { $0.count } == 1)
            await store.close()

            // What was acknowledged is in the file that it was written to, and nowhere else.
            let rest: Set<ProcessID> = ["p0", "p19"]
            switch loss {
            case .removed: #expect(contents(of: path).isEmpty)
            case .moved, .movedWithLog:
                #expect(contents(of: path).isEmpty)
                try await Self.expect(rest, in: "\(path).old")
            case .replaced:
                #expect(contents(of: path) == bytes)
                try await Self.expect(["old"], without: rest, in: path)
            case .logRemoved: try await Self.expect(rest, in: path)
            }
            if loss != .replaced, loss != .logRemoved { try await Self.expect([], in: path) }
        }
    }

    @Test("of two instances on a file that is moved, the last to close puts the log into it")
    func twoInstances() async throws {
        try await withStore { first, path in
            let second = try openStore(path)
            try await first.keep(.started("one"))
            let before = contents(of: path)
            rename(path, "\(path).old")
            await expectCode(.unavailable) { try await first.keep(.started("two")) }
            await first.close()
            #expect(contents(of: "\(path).old") == before)
            #expect(!contents(of: "\(path)-wal").isEmpty)
            await second.close()
            #expect(contents(of: "\(path)-wal").isEmpty)
            try await Self.expect(["one"], in: "\(path).old")
        }
    }

    @Test("a write whose file is moved away while it is being kept is not acknowledged")
    func movedBeforeCommit() async throws {
        try await withStore { store, path in
            await expectCode(.outcomeUnknown) {
                try await store.write(length: 0) { writer throws(SQLiteError) in
                    try writer.tryWriting()
                    rename(path, "\(path).old")
                }
            }
            #expect(await store.health().state == .down)
        }
    }

    @Test("reads go on from the file that was opened, and never from the one in its place")
    func reads() async throws {
        try await withStore { store, path in
            try await store.keep(.started("one"))
            rename(path, "\(path).old")
            await expectCode(.unavailable) { try await store.keep(.started("two")) }
            #expect(try await store.counts().total == 1)
            await expectCode(.unavailable) { _ = try await store.find("one") }
        }
    }

    @Test("damage that a read meets is told once, and makes health degraded")
    func damage() async throws {
        try await TemporaryDirectory.with { folder in
            let path = "\(folder)/processes.db"
            let first = try openStore(path)
            for index in 0..<500 { try await first.keep(.started(ProcessID(trusted: "p\(index)"))) }
            await first.close()
            var bytes = contents(of: path)
            // The leaves of the table of processes, and none of those that every opening reads.
            let kind = Array("report".utf8)
            for page in stride(from: 4096, to: bytes.count, by: 4096) where bytes[page] == 0x0D {
                let isOfProcesses = bytes[page..<page + 4096].indices.contains { bytes[$0...].starts(with: kind) }
                if isOfProcesses { for index in page..<page + 64 { bytes[index] = 0xA5 } }
            }
            write(bytes, to: path)
            let faults = Mutex<[String]>([])
            let store = try SQLiteProcessRepository(
                path: path, options: SQLiteStoreOptions(), now: ManualClock().read,
                onFault: { fault in faults.withLock { $0.append(fault) } })
            for _ in 1...2 {
                for index in 0..<500 { _ = try? await store.find(ProcessID(trusted: "p\(index)")) }
            }
            let health = await store.health()
            #expect(health.state == .degraded)
            #expect(health.reason?.contains("damaged") == true && health.reason?.contains(path) == true)
            #expect(faults.withLock { $0.count } == 1)
            await store.close()
        }
    }

    /// Opens a file, and expects processes in it.
    private static func expect(
        _ ids: Set<ProcessID>, without missing: Set<ProcessID> = [], in path: String
    ) async throws {
        let store = try openStore(path)
        for id in ids { _ = try await store.record(id) }
        for id in missing { #expect(try await store.find(id) == .missing) }
        try await store.keep(.started("new"))
        await store.close()
        #expect(try SQLiteProcessRepository.check(path: path) == [])
    }
}
