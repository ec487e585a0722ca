import ProcessCore
import ProcessTestSupport
import Testing

@Suite("Output of processes", .timeLimit(.minutes(3)))
struct StreamTests {
    @Test("output is kept byte for byte under indexes that count from 1", arguments: Backend.allCases)
    func append(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.started("a"))
            #expect(try await repository.page(of: "a") == StreamPage(chunks: [], last: 0, status: .running))
            #expect(try await repository.append(to: "a", #""Hel""#) == 1...1)
            #expect(try await repository.append(to: "a", #""lo""#, #"{"b":1.10,"a":"\u0000","b":"é"}"#) == 2...3)
            let chunks: [StreamChunk] = [
                .content(1, #""Hel""#), .content(2, #""lo""#), .content(3, #"{"b":1.10,"a":"\u0000","b":"é"}"#),
            ]
            #expect(try await repository.page(of: "a") == StreamPage(chunks: chunks, last: 3, status: .running))
            // Neither a change of the process nor a wish of another's.
            #expect(try await repository.record("a").revision == 1)
        }
    }

    @Test("any type of identifier shape and JSON of any size come back as they went in", arguments: Backend.allCases)
    func roundTrip(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.started("p:r.o~c-1"))
            let long = JSONText(unchecked: Array("\"\(String(repeating: "é\u{1F600}x", count: 40_000))\"".utf8))
            let output = [
                StreamOutput(type: "tool:call.v1~x", data: "null"),
                StreamOutput(type: String(repeating: "t", count: 128), data: long),
                StreamOutput(type: "1", data: "12345678901234567890123"),
            ]
            _ = try await repository.append(StreamAppend(to: "p:r.o~c-1", output))
            let page = try await repository.page(of: "p:r.o~c-1")
            #expect(page.chunks.map { StreamOutput(type: $0.type, data: $0.data) } == output)
        }
    }

    @Test(
        "appends at once, through two instances, give every index once and keep an append's output together",
        arguments: Backend.allCases)
    func concurrency(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            try await first.keep(.started("a"))
            let ranges = try await withThrowingTaskGroup(of: (Int, ClosedRange<Int64>?).self) { group in
                for number in 0..<60 {
                    let repository = number % 2 == 0 ? first : second
                    group.addTask {
                        let output = (0..<(number % 3 + 1)).map {
                            StreamOutput(type: "t", data: JSONText(unchecked: Array("[\(number),\($0)]".utf8)))
                        }
                        guard case .appended(let range) = try await repository.append(StreamAppend(to: "a", output))
                        else { return (number, nil) }
                        return (number, range)
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            let page = try await second.page(of: "a")
            #expect(page.chunks.map(\.index) == Array(1...120))
            #expect(page.last == 120)
            for (number, range) in ranges {
                let chunks = page.chunks.filter { range.contains($0.index) }
                #expect(chunks.map(\.data.description) == (0..<(number % 3 + 1)).map { "[\(number),\($0)]" })
            }
        }
    }

    @Test("only the index that comes next is taken, and another one changes nothing", arguments: Backend.allCases)
    func explicitIndex(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.started("a"))
            func outcome(at index: Int64) async throws -> AppendOutcome {
                try await repository.append(StreamAppend(to: "a", ["1", "2"], firstIndex: index))
            }
            for index: Int64 in [2, 7, .max] { #expect(try await outcome(at: index) == .misplaced(next: 1)) }
            #expect(try await repository.page(of: "a").last == 0)
            #expect(try await outcome(at: 1) == .appended(1...2))
            for index: Int64 in [1, 2, 4, 9_007_199_254_740_993] {
                #expect(try await outcome(at: index) == .misplaced(next: 3))
            }
            #expect(try await outcome(at: 3) == .appended(3...4))
            #expect(try await repository.page(of: "a").chunks.map(\.index) == [1, 2, 3, 4])
        }
    }

    @Test(
        "the oldest chunks go beyond the number to be kept, and a reader can tell which are missing",
        arguments: Backend.allCases)
    func trimming(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.started("a"))
            for number in 1...7 {
                let data = JSONText(unchecked: Array("\(number)".utf8))
                _ = try await repository.append(
                    StreamAppend(to: "a", [StreamOutput(type: "content", data: data)], keptChunks: 5))
                let page = try await repository.page(of: "a")
                #expect(page.chunks.map(\.index) == Array(Int64(max(1, number - 4))...Int64(number)))
                #expect(page.chunks.map(\.data.description) == page.chunks.map { "\($0.index)" })
            }
            let page = try await repository.page(of: "a", after: 1, limit: 2)
            #expect(page.chunks.map(\.index) == [3, 4])
            #expect(page.gap(after: 0) == 1...2)
            #expect(page.gap(after: 1) == 2...2)
            #expect(page.gap(after: 2) == nil)
            // More at once than are kept.
            #expect(try await repository.append(to: "a", "8", "9", "10", keeping: 2) == 8...10)
            #expect(try await repository.page(of: "a").chunks == [.content(9, "9"), .content(10, "10")])
            #expect(try await repository.append(to: "a", "11", keeping: 4) == 11...11)
            #expect(try await repository.page(of: "a").chunks.map(\.index) == [9, 10, 11])
        }
    }

    @Test(
        "pages follow one another by number and by size, and a chunk that is larger stands alone",
        arguments: Backend.allCases)
    func paging(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            try await repository.keep(.started("a"))
            let sizes = (1...120).map { $0 % 40 == 7 ? 4000 : $0 % 11 * 30 + 2 }
            let output = sizes.map { size in
                StreamOutput(
                    type: "t", data: JSONText(unchecked: Array("\"\(String(repeating: "x", count: size - 2))\"".utf8)))
            }
            _ = try await repository.append(StreamAppend(to: "a", output))
            for (limit, byteLimit) in [(1000, 1 << 20), (7, 1 << 20), (1000, 2000), (3, 700), (1, 1), (50, 300_000)] {
                var read: [StreamChunk] = []
                while true {
                    let after = read.last?.index ?? 0
                    let page = try await repository.page(of: "a", after: after, limit: limit, byteLimit: byteLimit)
                    let bytes = page.chunks.reduce(0) { $0 + $1.byteCount }
                    #expect(page.chunks.count <= limit)
                    #expect(bytes <= byteLimit || page.chunks.count == 1)
                    #expect(page.gap(after: after) == nil)
                    if let next = page.chunks.last.map({ Int($0.index) }), next < sizes.count, page.chunks.count < limit
                    {
                        #expect(bytes + 49 + sizes[next] > byteLimit, "a page is as full as it may be")
                    }
                    if page.chunks.isEmpty { break }
                    read += page.chunks
                }
                #expect(read.map(\.index) == Array(1...120))
                #expect(read.map(\.data) == output.map(\.data))
            }
            #expect(try await repository.page(of: "a", after: 120).chunks == [])
            #expect(try await repository.page(of: "a", after: .max).chunks == [])
        }
    }

    @Test("an append and a page tell of processes that are not there", arguments: Backend.allCases)
    func missing(backend: Backend) async throws {
        try await backend.withRepository { repository, _ async throws in
            #expect(try await repository.append(StreamAppend(to: "a", ["1"])) == .refused(.missing))
            #expect(try await repository.chunks(of: "a", after: 0, limit: 10, byteLimit: 100) == nil)
            try await repository.keep(.finished("a"))
            let tombstone = try #require(try await repository.removeEverythingFinished().first)
            #expect(try await repository.append(StreamAppend(to: "a", ["1"])) == .refused(.removed(tombstone)))
            #expect(try await repository.chunks(of: "a", after: 0, limit: 10, byteLimit: 100) == nil)
        }
    }

    @Test("both instances hear of an append, and can read it by then", arguments: Backend.allCases)
    func notice(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ async throws in
            let logs = [NoticeLog(first), NoticeLog(second)]
            if backend != .memory { for log in logs { await log.wait { $0 == .missed } } }
            try await first.keep(.started("a"))
            for log in logs { log.clear() }
            try await first.append(to: "a", "1", "2")
            for log in logs { await log.wait { $0 == .appended("a", last: 2) || $0 == .missed } }
            #expect(try await second.page(of: "a").last == 2)
        }
    }
}
