internal import Synchronization

/// Several loops, one for each core or so.
public final class EventLoopGroup: Sendable {
    /// All of them, in a fixed order.
    public let loops: [EventLoop]
    private let counter = Atomic<Int>(0)

    /// Starts the loops.
    ///
    /// - Parameter count: How many, at least 1.
    /// - Throws: When there is no file descriptor or no thread left; none of the loops is left running then.
    public init(count: Int) async throws(EventLoopError) {
        precondition(count > 0, "a group has at least one loop")
        var loops: [EventLoop] = []
        do throws(EventLoopError) {
            for index in 0..<count { loops.append(try EventLoop(name: "event-loop-\(index)")) }
        } catch {
            for loop in loops { await loop.shutdown() }
            throw error
        }
        self.loops = loops
    }

    /// One loop after the other, in turn.
    public func next() -> EventLoop {
        let (previous, _) = self.counter.wrappingAdd(1, ordering: .relaxed)
        return self.loops[Int(UInt(bitPattern: previous) % UInt(self.loops.count))]
    }

    /// The loop the calling code runs on, where that is one of this group; else the next in turn.
    public var current: EventLoop {
        if let loop = EventLoop.current, self.loops.contains(where: { $0 === loop }) { return loop }
        return self.next()
    }

    /// Ends all loops, see ``EventLoop/shutdown()``.
    public func shutdown() async {
        for loop in self.loops { await loop.shutdown() }
    }
}
