import ProcessService

/// Finds what somebody may have meant.
enum NearestName {
    /// The known name that is most like a word, where one is like it at all.
    ///
    /// - Parameters:
    ///   - word: What was typed.
    ///   - names: What is known.
    /// - Returns: The first of the nearest names; nil where even that needs too many edits.
    static func find(_ word: String, among names: [String]) -> String? {
        let best = names.map { (name: $0, edits: EditDistance.between(word.lowercased(), $0.lowercased())) }.min {
            $0.edits < $1.edits
        }
        guard let best, best.edits <= max(1, min(word.count, best.name.count) / 3) || best.name.hasPrefix(word) else {
            return nil
        }
        return best.name
    }
}
