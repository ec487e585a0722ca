internal import EventLoop
internal import Synchronization

/// The event loop of the commands that talk to a tracker, started when it is needed.
final class CommandLoop: Sendable {
    private let loop = Mutex<EventLoop?>(nil)

    /// The loop.
    ///
    /// - Throws: `CommandError` when there is no thread or descriptor left for it.
    func get() throws(CommandError) -> EventLoop {
        try self.loop.withLock { (loop: inout sending EventLoop?) throws(CommandError) -> EventLoop in
            if let loop { return loop }
            do throws(EventLoopError) {
                let started = try EventLoop(name: "commands")
                loop = started
                return started
            } catch {
                throw .failed(error.description)
            }
        }
    }
}
