/// One thing for a loop to do.
enum LoopWork {
    /// A piece of a Swift task.
    case job(UnownedJob)
    case closure(@Sendable () -> Void)
}

/// First in, first out, without a memory allocation once it has grown to its usual size.
///
/// Not a collection type from the standard library: removing from the front of an `Array` moves everything behind it.
struct WorkQueue {
    /// What was taken leaves `nil` behind, so that a closure dies when it has run.
    private var items: [LoopWork?] = []
    private var head = 0

    var isEmpty: Bool { self.head == self.items.count }

    mutating func append(_ work: LoopWork) {
        self.items.append(work)
    }

    mutating func append(contentsOf other: borrowing WorkQueue) {
        self.items.append(contentsOf: other.items[other.head...])
    }

    mutating func popFirst() -> LoopWork? {
        guard self.head < self.items.count else { return nil }
        let work = self.items[self.head].take()
        self.head += 1
        if self.head == self.items.count {
            self.removeAll()
        } else if self.head >= 1024, self.head * 2 >= self.items.count {
            // A queue that is never empty would grow for ever: give back the front half now and then.
            self.items.removeSubrange(..<self.head)
            self.head = 0
        }
        return work
    }

    mutating func removeAll() {
        self.items.removeAll(keepingCapacity: true)
        self.head = 0
    }
}
