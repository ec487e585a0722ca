import ProcessCore
import Testing

@Suite("What becomes of an append")
struct StreamAppendTests {
    private func record(_ status: ProcessStatus, attempt: Int, queue: String?) -> ProcessRecord {
        var start = ProcessStart(kind: "k")
        start.queue = queue
        var record = ProcessRecord(
            starting: start, as: ProcessID(trusted: "a"), at: Timestamp(milliseconds: 1_794_132_000_000))
        record.status = status
        record.attempt = attempt
        return record
    }

    private func append(
        _ data: String..., attempt: Int? = nil, at firstIndex: Int64? = nil
    ) -> StreamAppend {
        StreamAppend(
            to: ProcessID(trusted: "a"),
            data.map { StreamOutput(type: "t", data: JSONText(unchecked: Array($0.utf8))) }, attempt: attempt,
            firstIndex: firstIndex)
    }

    private func chunk(_ index: Int64, _ data: String, type: String = "t") -> StreamChunk {
        StreamChunk(index: index, type: type, data: JSONText(unchecked: Array(data.utf8)))
    }

    private func refusal(
        _ status: ProcessStatus, attempt: Int, queue: String?, named: Int?, at index: Int64? = nil
    ) -> ProcessTransition.Refusal? {
        do {
            _ = try self.append("1", attempt: named, at: index).judge(
                self.record(status, attempt: attempt, queue: queue))
            return nil
        } catch {
            return error
        }
    }

    @Test("a running process takes output of its attempt, and of no attempt where nobody claimed it")
    func running() {
        #expect(self.refusal(.running, attempt: 1, queue: nil, named: nil) == nil)
        #expect(self.refusal(.running, attempt: 1, queue: nil, named: 1) == nil)
        #expect(self.refusal(.running, attempt: 1, queue: nil, named: 2) == .staleAttempt)
        #expect(self.refusal(.running, attempt: 2, queue: "q", named: 2) == nil)
        #expect(self.refusal(.running, attempt: 2, queue: "q", named: 1) == .staleAttempt)
        #expect(self.refusal(.running, attempt: 2, queue: "q", named: nil) == .missingAttempt)
    }

    @Test("a process that waits takes none, and says why")
    func pending() {
        guard case .invalidTransition = self.refusal(.pending, attempt: 0, queue: "q", named: nil) else {
            Issue.record("it was never claimed")
            return
        }
        #expect(self.refusal(.pending, attempt: 0, queue: "q", named: 1) == .staleAttempt)
        #expect(self.refusal(.pending, attempt: 1, queue: "q", named: 1) == .staleAttempt)
        #expect(self.refusal(.pending, attempt: 1, queue: "q", named: nil) == .missingAttempt)
    }

    @Test(
        "a process that has ended takes none, and only a repeat with its index may still be one",
        arguments: [ProcessStatus.completed, .failed, .cancelled])
    func ended(status: ProcessStatus) throws {
        #expect(self.refusal(status, attempt: 2, queue: "q", named: 2) == .alreadyFinished)
        #expect(self.refusal(status, attempt: 1, queue: nil, named: nil) == .alreadyFinished)
        #expect(self.refusal(status, attempt: 2, queue: "q", named: 1, at: 1) == .staleAttempt)
        let record = self.record(status, attempt: 2, queue: "q")
        #expect(try self.append("1", attempt: 2, at: 1).judge(record) == .onlyRepeated)
    }

    @Test("stores take it exactly where the judgement does")
    func agreement() {
        for status in ProcessStatus.allCases {
            for (attempt, queue) in [(0, "q"), (1, "q"), (2, "q"), (1, nil), (2, nil)] as [(Int, String?)] {
                // No process is ever like these.
                if status == .running && attempt == 0 || status == .pending && queue == nil { continue }
                for named in [nil, 1, 2] {
                    let append = self.append("1", attempt: named)
                    let judgement = try? append.judge(self.record(status, attempt: attempt, queue: queue))
                    let isTaken = append.isTaken(status: status, attempt: attempt, hasQueue: queue != nil)
                    #expect(isTaken == (judgement == .appended), "\(status), attempt \(attempt), named \(named ?? 0)")
                }
            }
        }
    }

    @Test("indexes go on from the last one, with a restart between two attempts")
    func placing() {
        let append = self.append("1", "2")
        #expect(append.chunks(after: nil, attempt: 3) == [self.chunk(1, "1"), self.chunk(2, "2")])
        let position = StreamAppend.Position(last: 7, attempt: 2)
        #expect(append.chunks(after: position, attempt: 2) == [self.chunk(8, "1"), self.chunk(9, "2")])
        #expect(
            append.chunks(after: position, attempt: 4) == [
                self.chunk(8, #"{"attempt":4}"#, type: "restart"), self.chunk(9, "1"), self.chunk(10, "2"),
            ])
    }

    @Test("an index that is asked for is that of the first output, behind a restart")
    func explicitIndex() {
        let position = StreamAppend.Position(last: 7, attempt: 2)
        #expect(self.append("1", at: 8).chunks(after: position, attempt: 2)?.map(\.index) == [8])
        #expect(self.append("1", at: 9).chunks(after: position, attempt: 3)?.map(\.index) == [8, 9])
        for (index, attempt) in [(7, 2), (9, 2), (8, 3), (10, 3), (Int64.max, 2)] as [(Int64, Int)] {
            #expect(self.append("1", at: index).chunks(after: position, attempt: attempt) == nil)
        }
    }

    @Test("a repeat is the same output under the same indexes, as far as they are kept")
    func repeats() {
        let kept = [self.chunk(3, "3"), self.chunk(4, "4"), self.chunk(5, "5")]
        func isRepeated(_ append: StreamAppend) -> Bool { append.isRepeated(in: kept, last: 5) }
        #expect(isRepeated(self.append("3", "4", at: 3)))
        #expect(isRepeated(self.append("5", at: 5)))
        // The first two were trimmed, and what is left of it is the same.
        #expect(isRepeated(self.append("1", "x", "3", at: 1)))
        #expect(!isRepeated(self.append("1", "2", at: 1)), "nothing of it is kept")
        #expect(!isRepeated(self.append("3", "x", at: 3)))
        #expect(!isRepeated(self.append("4", "5", "6", at: 4)), "an append is there as a whole, or not at all")
        #expect(!isRepeated(self.append("6", at: 6)))
        #expect(!isRepeated(self.append("3", "4", at: .max)))
        #expect(!isRepeated(self.append("3")), "without an index it is never a repeat")
        let other = StreamAppend(
            to: ProcessID(trusted: "a"), [StreamOutput(type: "u", data: JSONText(unchecked: Array("5".utf8)))],
            firstIndex: 5)
        #expect(!isRepeated(other))
    }

    @Test("a page says what is missing before it")
    func gaps() {
        func page(_ chunks: StreamChunk..., last: Int64) -> StreamPage {
            StreamPage(chunks: chunks, last: last, status: .running)
        }
        #expect(page(self.chunk(4, "4"), last: 9).gap(after: 0) == 1...3)
        #expect(page(self.chunk(4, "4"), last: 9).gap(after: 3) == nil)
        #expect(page(last: 9).gap(after: 4) == 5...9)
        #expect(page(last: 9).gap(after: 9) == nil)
        #expect(page(last: 9).gap(after: .max) == nil)
        #expect(page(last: 0).gap(after: 0) == nil)
    }
}
