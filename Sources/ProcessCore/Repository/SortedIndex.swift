/// What a ``SortedIndex`` holds: objects that are told apart by a text when their scores are equal.
protocol SortedIndexElement: AnyObject {
    /// The text, compared by its bytes; differs for every element of one index.
    var sortID: String { get }
}

/// Objects in the order of (score, id): an ordered list of sorted chunks.
///
/// Finding a place is two binary searches; inserting or removing moves at most one chunk's items. A chunk that fills at
/// the right edge stays full and the next one is begun, since times mostly grow; one that fills elsewhere is halved.
/// An item is 16 bytes: its id is read through the element, and only where scores are equal.
struct SortedIndex<Element: SortedIndexElement> {
    /// One place in the order.
    struct Item {
        let score: Int64
        let element: Element

        /// Whether it comes before a key.
        @inline(__always)
        func precedes(_ score: Int64, _ id: String) -> Bool {
            self.score == score ? self.element.sortID < id : self.score < score
        }
    }

    /// A place in the walk through an index that has not changed since; `chunk` is the count of chunks at the end.
    struct Position: Comparable {
        fileprivate var chunk: Int
        fileprivate var offset: Int

        static func < (left: Self, right: Self) -> Bool {
            left.chunk == right.chunk ? left.offset < right.offset : left.chunk < right.chunk
        }
    }

    /// A run of items, never empty, with a copy of its first score, so that the outer search stays in one array.
    fileprivate struct Chunk {
        var firstScore: Int64
        var items: ContiguousArray<Item>

        init(_ items: ContiguousArray<Item>) {
            self.firstScore = items[0].score
            self.items = items
        }
    }

    private var chunks: ContiguousArray<Chunk> = []
    private let chunkLimit: Int32
    /// How many elements there are.
    private(set) var count = 0

    /// An empty index.
    ///
    /// - Parameter chunkLimit: The most items of a chunk, 4 or more; smaller ones are for tests.
    init(chunkLimit: Int32 = 512) {
        self.chunkLimit = chunkLimit
    }

    var isEmpty: Bool { self.count == 0 }
    var first: Item? { self.chunks.first?.items.first }
    var last: Item? { self.chunks.last?.items.last }

    // MARK: Changes

    /// Puts an element in its place; the same score and id must not be there.
    mutating func insert(_ element: Element, score: Int64) {
        let item = Item(score: score, element: element)
        self.count += 1
        guard let last = self.last else {
            self.chunks.append(Chunk([item]))
            return
        }
        let id = element.sortID
        if last.precedes(score, id) {
            if self.chunks[self.chunks.count - 1].items.count < self.chunkLimit {
                self.chunks[self.chunks.count - 1].items.append(item)
            } else {
                self.chunks.append(Chunk([item]))
            }
            return
        }
        var chunk = max(self.chunksBeginningUpTo(score, id) - 1, 0)
        if self.chunks[chunk].items.count >= self.chunkLimit {
            let half = self.chunks[chunk].items.count / 2
            let upper = Chunk(ContiguousArray(self.chunks[chunk].items[half...]))
            self.chunks[chunk].items.removeSubrange(half...)
            self.chunks.insert(upper, at: chunk + 1)
            if upper.items[0].precedes(score, id) { chunk += 1 }
        }
        let offset = self.offset(in: chunk, score, id)
        self.chunks[chunk].items.insert(item, at: offset)
        if offset == 0 { self.chunks[chunk].firstScore = score }
    }

    /// Takes an element out of its place.
    ///
    /// - Returns: Whether it was there.
    @discardableResult
    mutating func remove(score: Int64, id: String) -> Bool {
        let position = self.position(notBefore: score, id: id)
        guard position != self.end else { return false }
        let item = self[position]
        guard item.score == score, item.element.sortID == id else { return false }
        self.count -= 1
        let chunk = position.chunk
        self.chunks[chunk].items.remove(at: position.offset)
        if self.chunks[chunk].items.isEmpty {
            self.chunks.remove(at: chunk)
        } else {
            if position.offset == 0 { self.chunks[chunk].firstScore = self.chunks[chunk].items[0].score }
            self.joinSmallNeighbours(of: chunk)
        }
        return true
    }

    /// Joins a chunk that has become small with the next one, so that an index that was once large is not kept as many
    /// nearly empty chunks.
    private mutating func joinSmallNeighbours(of chunk: Int) {
        guard self.chunks[chunk].items.count <= self.chunkLimit / 4, chunk + 1 < self.chunks.count,
            self.chunks[chunk].items.count + self.chunks[chunk + 1].items.count <= self.chunkLimit / 2
        else { return }
        let next = self.chunks.remove(at: chunk + 1)
        self.chunks[chunk].items.append(contentsOf: next.items)
    }

    // MARK: Places

    var start: Position { Position(chunk: 0, offset: 0) }
    var end: Position { Position(chunk: self.chunks.count, offset: 0) }

    subscript(_ position: Position) -> Item { self.chunks[position.chunk].items[position.offset] }

    /// The first place that is not before a key.
    func position(notBefore score: Int64, id: String) -> Position {
        let chunk = self.chunksBeginningUpTo(score, id) - 1
        guard chunk >= 0 else { return self.start }
        let offset = self.offset(in: chunk, score, id)
        return offset < self.chunks[chunk].items.count
            ? Position(chunk: chunk, offset: offset) : Position(chunk: chunk + 1, offset: 0)
    }

    /// The first place after a key.
    func position(after score: Int64, id: String) -> Position {
        let position = self.position(notBefore: score, id: id)
        guard position != self.end else { return position }
        let item = self[position]
        return item.score == score && item.element.sortID == id ? self.position(after: position) : position
    }

    /// The first place whose score is not below one.
    func position(notBefore score: Int64) -> Position { self.position(notBefore: score, id: "") }

    /// The first place whose score is above one.
    func position(after score: Int64) -> Position {
        score == .max ? self.end : self.position(notBefore: score + 1, id: "")
    }

    func position(after position: Position) -> Position {
        position.offset + 1 < self.chunks[position.chunk].items.count
            ? Position(chunk: position.chunk, offset: position.offset + 1)
            : Position(chunk: position.chunk + 1, offset: 0)
    }

    /// The place before another; there must be one.
    func position(before position: Position) -> Position {
        position.offset > 0
            ? Position(chunk: position.chunk, offset: position.offset - 1)
            : Position(chunk: position.chunk - 1, offset: self.chunks[position.chunk - 1].items.count - 1)
    }

    /// How many chunks begin before or at a key.
    private func chunksBeginningUpTo(_ score: Int64, _ id: String) -> Int {
        var low = 0
        var high = self.chunks.count
        while low < high {
            let middle = (low + high) / 2
            let firstScore = self.chunks[middle].firstScore
            let beginsAfter =
                firstScore == score ? self.chunks[middle].items[0].element.sortID > id : firstScore > score
            if beginsAfter { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// How many items of a chunk come before a key.
    private func offset(in chunk: Int, _ score: Int64, _ id: String) -> Int {
        self.chunks[chunk].items.withUnsafeBufferPointer { items in
            var low = 0
            var high = items.count
            while low < high {
                let middle = (low + high) / 2
                if items[middle].precedes(score, id) { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }
}

extension SortedIndex: Sendable where Element: Sendable {}
extension SortedIndex.Chunk: Sendable where Element: Sendable {}
extension SortedIndex.Item: Sendable where Element: Sendable {}
