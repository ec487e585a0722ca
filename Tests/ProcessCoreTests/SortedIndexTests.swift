import Testing

@testable import ProcessCore

@Suite("SortedIndex")
struct SortedIndexTests {
    private final class Named: SortedIndexElement {
        let sortID: String

        init(_ name: String) {
            self.sortID = name
        }
    }

    private typealias Key = (score: Int64, id: String)

    private func keys(of index: SortedIndex<Named>) -> [String] {
        var keys: [String] = []
        var position = index.start
        while position != index.end {
            keys.append("\(index[position].score) \(index[position].element.sortID)")
            position = index.position(after: position)
        }
        return keys
    }

    private func backwards(_ index: SortedIndex<Named>) -> [String] {
        var keys: [String] = []
        var position = index.end
        while position != index.start {
            position = index.position(before: position)
            keys.append("\(index[position].score) \(index[position].element.sortID)")
        }
        return keys
    }

    @Test("random inserts and removals leave what a sorted array would hold", arguments: 1...20 as ClosedRange<UInt64>)
    func randomised(seed: UInt64) {
        var random = Seeded(state: seed)
        var index = SortedIndex<Named>(chunkLimit: 8)
        var model: [Key] = []
        // Scores from a few to many, so that equal ones are common in some runs; growth first, then decay.
        let scores = Int64(1) << Int64.random(in: 0...10, using: &random)
        for step in 0..<1_500 {
            let grows = Int.random(in: 0..<1_500, using: &random) > step
            if grows || model.isEmpty {
                let key: Key = (
                    Int64.random(in: -scores...scores, using: &random), "n\(Int.random(in: 0..<5_000, using: &random))"
                )
                guard !model.contains(where: { $0.score == key.score && $0.id == key.id }) else { continue }
                index.insert(Named(key.id), score: key.score)
                model.insert(key, at: model.firstIndex { $0.score > key.score || $0 > key } ?? model.count)
            } else if Bool.random(using: &random) {
                let key = model.remove(at: Int.random(in: 0..<model.count, using: &random))
                let wasThere = index.remove(score: key.score, id: key.id)
                #expect(wasThere)
            } else {
                let key = model.remove(at: Bool.random(using: &random) ? 0 : model.count - 1)
                let wasThere = index.remove(score: key.score, id: key.id)
                #expect(wasThere)
            }
            if step % 50 == 0 { self.expectEqual(index, model, seed: seed, &random) }
        }
        self.expectEqual(index, model, seed: seed, &random)
        for key in model { index.remove(score: key.score, id: key.id) }
        #expect(index.isEmpty)
        #expect(index.start == index.end)
    }

    private func expectEqual(
        _ index: SortedIndex<Named>, _ model: [Key], seed: UInt64, _ random: inout Seeded
    ) {
        let expected = model.map { "\($0.score) \($0.id)" }
        #expect(self.keys(of: index) == expected, "seed \(seed)")
        #expect(self.backwards(index) == expected.reversed(), "seed \(seed)")
        #expect(index.count == model.count)
        #expect(index.first?.element.sortID == model.first?.id)
        #expect(index.last?.element.sortID == model.last?.id)
        for _ in 0..<20 {
            let known = model.randomElement(using: &random)
            let key: Key =
                Bool.random(using: &random)
                ? known ?? (0, "")
                : (Int64.random(in: -1_100...1_100, using: &random), "n\(Int.random(in: 0..<5_000, using: &random))")
            func name(_ position: SortedIndex<Named>.Position) -> String? {
                position == index.end ? nil : "\(index[position].score) \(index[position].element.sortID)"
            }
            func first(where holds: (Key) -> Bool) -> String? {
                model.first(where: holds).map { "\($0.score) \($0.id)" }
            }
            #expect(name(index.position(notBefore: key.score, id: key.id)) == first { $0 >= key })
            #expect(name(index.position(after: key.score, id: key.id)) == first { $0 > key })
            #expect(name(index.position(notBefore: key.score)) == first { $0.score >= key.score })
            #expect(name(index.position(after: key.score)) == first { $0.score > key.score })
        }
    }

    @Test("scores at both ends of their range keep their place")
    func extremes() {
        var index = SortedIndex<Named>(chunkLimit: 4)
        for score in [Int64.max, 0, .min, -1, 1] {
            for name in ["b", "a"] { index.insert(Named(name), score: score) }
        }
        #expect(self.keys(of: index).map { $0.suffix(1) } == Array(repeating: ["a", "b"], count: 5).flatMap { $0 })
        #expect(index.first?.score == .min)
        #expect(index.last?.score == .max)
        #expect(index.position(notBefore: .min) == index.start)
        #expect(index.position(after: .max) == index.end)
        #expect(index[index.position(notBefore: .max)].element.sortID == "a")
        #expect(index[index.position(after: .min)].score == -1)
    }

    @Test("what is not there is not removed")
    func absent() {
        var index = SortedIndex<Named>()
        let keys: [Key] = [(1, "a"), (1, "b"), (2, "a"), (1, "a"), (1, "a")]
        var answers: [Bool] = []
        for (number, key) in keys.enumerated() {
            if number == 1 { index.insert(Named("a"), score: 1) }
            let wasThere = index.remove(score: key.score, id: key.id)
            answers.append(wasThere)
        }
        #expect(answers == [false, false, false, true, false])
        #expect(index.isEmpty)
    }

    @Test("an index has a copy's content of its own")
    func valueSemantics() {
        var index = SortedIndex<Named>(chunkLimit: 4)
        for number in 0..<10 { index.insert(Named("n"), score: Int64(number)) }
        let copy = index
        for number in 0..<10 { index.remove(score: Int64(number), id: "n") }
        #expect(index.isEmpty)
        #expect(self.keys(of: copy).count == 10)
    }
}
