internal import EventLoop
internal import Glibc

/// Reads and throws away what a client still sends on a connection that is closed for writing; until it ends, or for two
/// seconds.
///
/// `@unchecked Sendable`: touched on the loop's thread only.
final class LingeringClose: @unchecked Sendable {
    private let descriptor: Int32
    private var watcher: EventRegistration?
    private var timer: EventRegistration?
    private var completion: (() -> Void)?

    /// Owns the descriptor from now on.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    func start(on loop: EventLoop, completion: @escaping () -> Void) {
        self.completion = completion
        self.timer = loop.schedule(after: .seconds(2)) { self.end() }
        self.watcher = loop.watch(self.descriptor, for: .readable) { _ in self.readOn() }
    }

    func end() {
        guard let completion = self.completion.take() else { return }
        self.timer?.cancel()
        self.watcher?.cancel()
        close(self.descriptor)
        completion()
    }

    private func readOn() {
        let isOver = withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 16) { buffer in
            let count = read(self.descriptor, buffer.baseAddress, buffer.count)
            return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
        }
        if isOver { self.end() }
    }
}
