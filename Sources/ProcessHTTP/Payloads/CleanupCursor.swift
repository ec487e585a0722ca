internal import ProcessCore

/// The place where a cleanup goes on, as text that means nothing to its reader: four numbers, and the store's own place where
/// its walk has not ended.
enum CleanupCursor {
    /// Larger numbers are none of ours, and sums of them might be too large for their type.
    private static let numbers: ClosedRange<Int64> = 0...1 << 53

    /// Writes a place as text.
    static func text(_ place: CleanupPlace) -> String {
        var bytes: [UInt8] = []
        bytes.append(number: place.startedAt.milliseconds)
        bytes.append(number: Int64(place.removed))
        bytes.append(number: Int64(place.removedFinished))
        bytes.append(number: place.elapsed.milliseconds)
        if let cursor = place.cursor {
            bytes.append(number: Int64(cursor.index))
            bytes.append(number: cursor.score)
            bytes += cursor.id.utf8
        }
        return Base64URL.text(bytes)
    }

    /// Reads a text that `text(_:)` wrote; the answer is nil where it is any other.
    static func place(_ text: String) -> CleanupPlace? {
        guard var bytes = Base64URL.bytes(text)?[...], let startedAt = bytes.takeNumber(),
            let removed = bytes.takeNumber(), let removedFinished = bytes.takeNumber(),
            let elapsed = bytes.takeNumber(),
            [startedAt, removed, removedFinished, elapsed].allSatisfy(Self.numbers.contains)
        else { return nil }
        var place = CleanupPlace(startedAt: Timestamp(milliseconds: startedAt))
        place.removed = Int(removed)
        place.removedFinished = Int(removedFinished)
        place.elapsed = .milliseconds(elapsed)
        guard !bytes.isEmpty else { return place }
        // No store has more indexes than a byte counts.
        guard let index = bytes.takeNumber(), (0...255).contains(index), let score = bytes.takeNumber(),
            let id = String(validating: bytes, as: UTF8.self)
        else { return nil }
        place.cursor = CleanupRequest.Cursor(index: Int(index), score: score, id: id)
        return place
    }
}
