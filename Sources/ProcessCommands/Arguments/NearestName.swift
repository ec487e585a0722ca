/// Finds what somebody may have meant.
enum NearestName {
    /// The known name that is most like a word, where one is like it at all.
    ///
    /// - Parameters:
    ///   - word: What was typed.
    ///   - names: What is known.
    /// - Returns: The first of the nearest names; nil where even that needs too many edits.
    static func find(_ word: String, among names: [String]) -> String? {
        let best = names.map { (name: $0, edits: Self.distance(word, $0)) }.min { $0.edits < $1.edits }
        guard let best, best.edits <= max(1, min(word.count, best.name.count) / 3) || best.name.hasPrefix(word) else {
            return nil
        }
        return best.name
    }

    /// How many letters must be put in, taken out, exchanged, or swapped with their neighbour, to get from one to the other.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.lowercased()), right = Array(right.lowercased())
        var before: [Int] = []
        var previous = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var edits = min(
                    previous[column + 1] + 1, current[column] + 1, previous[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    edits = min(edits, before[column - 1] + 1)
                }
                current.append(edits)
            }
            before = previous
            previous = current
        }
        return previous[right.count]
    }
}
