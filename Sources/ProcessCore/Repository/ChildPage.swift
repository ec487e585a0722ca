/// Some children of a process.
public struct ChildPage: Hashable, Sendable {
    /// One child.
    public struct Child: Hashable, Sendable {
        /// What it is known by.
        public var id: ProcessID
        /// Where it is in its life.
        public var status: ProcessStatus

        /// Takes both parts.
        public init(id: ProcessID, status: ProcessStatus) {
            self.id = id
            self.status = status
        }
    }

    /// The children, in the store's own order.
    public var children: [Child]
    /// Where the next page begins; `nil` where there is none.
    public var next: ChildCursor?

    /// Takes both parts.
    public init(children: [Child], next: ChildCursor?) {
        self.children = children
        self.next = next
    }
}

/// A place in a walk through the children of a process; only the store that made it reads it.
public struct ChildCursor: Hashable, Sendable {
    /// The last child's place in the store's first order.
    public var score: Int64
    /// The last child's place among those of the same status, where that is not its score.
    public var createdAt: Int64
    /// The last child.
    public var id: ProcessID

    /// Takes the three parts.
    public init(score: Int64, createdAt: Int64 = 0, id: ProcessID) {
        self.score = score
        self.createdAt = createdAt
        self.id = id
    }
}
