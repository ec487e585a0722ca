/// How far apart two words are, for suggestions.
package enum EditDistance {
    /// The known word nearest to a misspelt one; of several equally near, the first; nil where a third of the letters and more
    /// would have to change. One that only lacks its end counts as two letters away, however long the end is.
    static func nearest(to word: String, among known: [String]) -> String? {
        func distance(_ candidate: String) -> Int {
            let distance = Self.between(word, candidate)
            return candidate.hasPrefix(word) ? min(distance, 2) : distance
        }
        guard let nearest = known.min(by: { distance($0) < distance($1) }) else { return nil }
        return distance(nearest) <= word.utf8.count / 3 ? nearest : nil
    }

    /// How many letters must be added, dropped, changed or swapped with their neighbour to get from one word to another.
    package static func between(_ left: String, _ right: String) -> Int {
        let (left, right) = ([UInt8](left.utf8), [UInt8](right.utf8))
        // Three rows of the table suffice: a swap looks two rows back.
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let change = last[column] + (left[row] == right[column] ? 0 : 1)
                var least = min(change, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    least = min(least, beforeLast[column - 1] + 1)
                }
                current.append(least)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
