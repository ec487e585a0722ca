/// The output of one process as the in-memory store keeps it; used only while the lock of its process's shard is held.
final class InMemoryStream {
    private(set) var position: StreamAppend.Position
    /// What is kept, behind places whose chunks were trimmed.
    private var chunks: [StreamChunk] = []
    private var trimmed = 0

    private static let none = StreamChunk(index: 0, type: "", data: .null)

    init(attempt: Int) {
        self.position = StreamAppend.Position(last: 0, attempt: attempt)
    }

    /// How many chunks are kept.
    var count: Int { self.chunks.count - self.trimmed }

    /// Adds chunks, and lets the oldest go beyond a number.
    func append(_ added: [StreamChunk], attempt: Int, keeping limit: Int) {
        self.chunks += added
        self.position = StreamAppend.Position(last: self.position.last + Int64(added.count), attempt: attempt)
        while self.count > limit {
            self.chunks[self.trimmed] = Self.none
            self.trimmed += 1
        }
        // Moving the rest as seldom as there is as much to be moved as was trimmed costs each chunk one move.
        if self.trimmed > self.chunks.count / 2 {
            self.chunks.removeFirst(self.trimmed)
            self.trimmed = 0
        }
    }

    /// The chunks after an index.
    func page(after index: Int64, limit: Int, byteLimit: Int) -> [StreamChunk] {
        let oldest = self.position.last - Int64(self.count) + 1
        guard index < self.position.last else { return [] }
        let start = self.trimmed + Int(max(index + 1, oldest) - oldest)
        var page: [StreamChunk] = []
        var left = byteLimit
        for chunk in self.chunks[start...].prefix(limit) {
            left -= chunk.byteCount
            if left < 0, !page.isEmpty { break }
            page.append(chunk)
        }
        return page
    }

    /// Takes out all chunks; their indexes stay used.
    func removeAll() -> [StreamChunk] {
        defer {
            self.chunks = []
            self.trimmed = 0
        }
        return self.chunks
    }
}
