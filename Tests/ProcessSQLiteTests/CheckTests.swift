import Glibc
import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessSQLite

@Suite("check", .timeLimit(.minutes(3)))
struct CheckTests {
    @Test("nothing is left beside a file at rest, and a folder that can't be written is no hindrance")
    func atRest() async throws {
        try await TemporaryDirectory.with { folder in
            let path = "\(folder)/processes.db"
            let store = try openStore(path)
            try await store.keep(.started("one"))
            await store.close()
            chmod(path, 0o444)
            #expect(try SQLiteProcessRepository.check(path: path) == [])
            #expect(names(in: folder) == ["processes.db"])
            chmod(folder, 0o555)
            defer { chmod(folder, 0o755) }
            #expect(try SQLiteProcessRepository.check(path: path) == [])
            #expect(names(in: folder) == ["processes.db"])
        }
    }

    @Test("what only the write-ahead log knows is looked at, through a link too")
    func inUse() async throws {
        try await withStore { store, path in
            try await store.keep(.started("one"))
            try edit(path, "UPDATE processes SET retain = 5, expires_at = 7, finished_at = 1")
            #expect(symlink(path, "\(path).link") == 0)
            for path in [path, "\(path).link"] {
                let findings = try SQLiteProcessRepository.check(path: path)
                #expect(findings.contains("process one: expires_at does not follow from finished_at and retain"))
            }
        }
    }
}
