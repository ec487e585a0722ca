import Testing

@testable import ProcessCore

@Suite("What a follower of all has been shown")
struct ShownProcessesTests {
    /// In an object, so that an expectation may change it.
    private final class Shown {
        private var shown: ShownProcesses

        init(_ filter: ProcessQuery = ProcessQuery()) { self.shown = ShownProcesses(filter: filter) }

        func changes(to newest: [ProcessRecord]) -> [FollowedChange] { self.shown.changes(to: newest) }
        func changes(to lookup: ProcessLookup, _ id: ProcessID) -> [FollowedChange] {
            self.shown.changes(to: [lookup], of: [id])
        }
        func unfinished(besides newest: [ProcessRecord]) -> [String] {
            self.shown.unfinished(besides: newest).map(\.text)
        }
    }

    private func record(_ id: String, revision: Int64 = 1, kind: String = "report", ended: Bool = false)
        -> ProcessRecord
    {
        var record = ProcessRecord(
            starting: ProcessStart(kind: kind), as: ProcessID(trusted: id), at: Timestamp(milliseconds: 0))
        record.revision = revision
        if ended { record.status = .completed }
        return record
    }

    @Test("one is shown once as it is, and again when it has changed; the newest, the oldest of them first")
    func once() {
        let shown = Shown()
        let (a, b, changed) = (self.record("a"), self.record("b"), self.record("a", revision: 2))
        #expect(shown.changes(to: [b, a]) == [.changed(a), .changed(b)])
        #expect(shown.changes(to: [b, a]) == [])
        #expect(shown.changes(to: .found(changed), ProcessID(trusted: "a")) == [.changed(changed)])
        #expect(shown.changes(to: .found(changed), ProcessID(trusted: "a")) == [])
        #expect(shown.changes(to: .corrupt("why"), ProcessID(trusted: "a")) == [])
    }

    @Test("what was shown and leaves the filter, or is removed, is shown once; what was not, never")
    func leaves() {
        var filter = ProcessQuery()
        filter.kinds = ["report"]
        let shown = Shown(filter)
        _ = shown.changes(to: [self.record("b"), self.record("a")])
        let other = self.record("a", revision: 2, kind: "other")
        #expect(shown.changes(to: .found(other), ProcessID(trusted: "a")) == [.changed(other)])
        #expect(shown.changes(to: .found(other), ProcessID(trusted: "a")) == [])
        #expect(shown.changes(to: .missing, ProcessID(trusted: "b")) == [.removed(ProcessID(trusted: "b"))])
        #expect(shown.changes(to: .missing, ProcessID(trusted: "b")) == [])
        #expect(shown.changes(to: .missing, ProcessID(trusted: "c")) == [])
        // It may come back.
        #expect(shown.changes(to: .found(self.record("a")), ProcessID(trusted: "a")) == [.changed(self.record("a"))])
    }

    @Test("of those that may still change, the latest a hundred are read again, but not those that were just read")
    func unfinished() {
        let shown = Shown()
        // In another order than that of their texts.
        let ids = (0..<150).map { "p\($0 * 7 % 150)" }
        for id in ids { _ = shown.changes(to: .found(self.record(id)), ProcessID(trusted: id)) }
        let end = self.record(ids[149], revision: 2, ended: true)
        _ = shown.changes(to: .found(end), end.id)
        #expect(shown.unfinished(besides: []) == ids[49..<149].reversed())
        #expect(shown.unfinished(besides: [self.record(ids[148]), self.record("new")]) == ids[49..<148].reversed())
    }

    @Test("of more than can be remembered those shown first are forgotten")
    func bound() {
        let shown = Shown()
        let count = ShownProcesses.capacity * 2 + 1
        // The order of their texts is the reverse.
        let ids = (0..<count).map { "p\(99_999 - $0)" }
        for id in ids { _ = shown.changes(to: .found(self.record(id)), ProcessID(trusted: id)) }
        for id in ids.suffix(ShownProcesses.capacity) {
            #expect(shown.changes(to: .found(self.record(id)), ProcessID(trusted: id)) == [])
        }
        #expect(shown.unfinished(besides: []) == ids.suffix(ShownProcesses.readLimit).reversed())
        #expect(shown.changes(to: .missing, ProcessID(trusted: ids[count - ShownProcesses.capacity - 1])) == [])
        #expect(
            shown.changes(to: .found(self.record(ids[0])), ProcessID(trusted: ids[0])) == [
                .changed(self.record(ids[0]))
            ])
    }

    @Test("it knows ids that begin like others, are long, or come and go")
    func againstDictionary() {
        let shown = Shown()
        var known: [String: Int64] = [:]
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let letter = ["a", "ab", "ab-", "b~", "0"].randomElement(using: &generator) ?? "a"
            let id = String(repeating: letter, count: Int.random(in: 1...32, using: &generator))
            if Bool.random(using: &generator) {
                let revision = Int64.random(in: 1...3, using: &generator)
                let record = self.record(id, revision: revision)
                let isNews = known.updateValue(revision, forKey: id) != revision
                #expect(shown.changes(to: .found(record), record.id) == (isNews ? [.changed(record)] : []))
            } else {
                let wasKnown = known.removeValue(forKey: id) != nil
                let processID = ProcessID(trusted: id)
                #expect(shown.changes(to: .missing, processID) == (wasKnown ? [.removed(processID)] : []))
            }
        }
    }
}
