import ProcessCore
import Testing

@Suite("Ids made here")
struct ProcessIDTests {
    private static let now = Timestamp(milliseconds: 0x0123_4567_89AB)

    @Test("are UUIDs of version 7, in the order of their times")
    func shape() throws {
        let text = ProcessID.uuidV7(at: Self.now).text
        let shape = /01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        #expect(try shape.wholeMatch(in: text) != nil, "\(text)")
        let later = Timestamp(milliseconds: Self.now.milliseconds + 1)
        #expect(ProcessID.uuidV7(at: Self.now) < ProcessID.uuidV7(at: later))
    }

    @Test("differ, however many make them at once")
    func unique() async {
        let ids = await withTaskGroup(of: [ProcessID].self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<1000).map { _ in ProcessID.uuidV7(at: Self.now) } }
            }
            return await group.reduce(into: Set()) { $0.formUnion($1) }
        }
        #expect(ids.count == 8000)
    }

    @Test("random numbers are spread over 0..<1")
    func random() {
        let numbers = (0..<10_000).map { _ in ProcessManager.systemRandom() }
        #expect(numbers.allSatisfy { (0..<1).contains($0) })
        // Each tenth would have to miss its thousand by eleven standard deviations.
        let counts = numbers.reduce(into: Array(repeating: 0, count: 10)) { $0[Int($1 * 10)] += 1 }
        #expect(counts.allSatisfy { abs($0 - 1000) < 330 }, "\(counts)")
    }
}
