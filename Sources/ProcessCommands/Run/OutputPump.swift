internal import Glibc

/// Passes one stream of a command on, byte for byte, on a thread of its own.
///
/// It reads no more before what it has read is written, so a slow reader slows the command down as it would without us,
/// and memory stays at one buffer. The descriptor it writes to is somebody else's, so it is not made non-blocking: that
/// would hold for everyone who shares it. Hence a thread that may block, and not the event loop, whose heartbeats must go
/// on while somebody reads a page in `less`.
struct OutputPump: Sendable {
    /// How a stream ended.
    enum End: Sendable, Equatable {
        /// The command, and all that it started, closed it; or only something left behind had it still.
        case closed
        /// It can be written no more, for the reason given; the command notices by SIGPIPE.
        case unwritable(Int32)
    }

    /// Which stream it is.
    let stream: OutputCapture.Stream
    /// The end of the command's pipe to read from; it is closed at the end.
    let source: Int32
    /// Where the bytes go.
    let destination: Int32
    /// Becomes readable when the command has ended; it is closed at the end.
    let exitNotice: Int32
    /// How long to wait, after the command has ended, for something it left behind that still holds the stream.
    let linger: Duration
    /// What remembers the end of the output.
    let capture: OutputCapture

    private static let bufferSize = 65_536

    /// Passes on all there is. Returns when there will be no more.
    func run() -> End {
        defer {
            close(self.source)
            close(self.exitNotice)
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 16)
        defer { buffer.deallocate() }

        while self.waitForInput() {
            switch self.passOn(buffer) {
            case .passed: continue
            case .ended(let end): return end
            }
        }
        // The command has ended. What it wrote itself is in the pipe now, and is passed on however long that takes. What
        // comes from something it left behind is passed on for a while.
        var owed = self.bytesWaiting()
        let deadline = ContinuousClock.now + self.linger
        while true {
            let timeLeft = deadline - .now
            if owed <= 0 && timeLeft <= .zero { return .closed }
            var waiting = pollfd(fd: self.source, events: Int16(POLLIN), revents: 0)
            let count = poll(&waiting, 1, owed > 0 ? -1 : Int32(clamping: timeLeft.wholeMilliseconds))
            guard count > 0 else { continue }
            switch self.passOn(buffer) {
            case .passed(let length): owed -= length
            case .ended(let end): return end
            }
        }
    }

    /// Waits until there is something to read; false when the command has ended.
    private func waitForInput() -> Bool {
        while true {
            var waiting = [
                pollfd(fd: self.source, events: Int16(POLLIN), revents: 0),
                pollfd(fd: self.exitNotice, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&waiting, 2, -1)
            if count < 0 && errno == EINTR { continue }
            if waiting[1].revents != 0 { return false }
            return true
        }
    }

    private func bytesWaiting() -> Int {
        var count: Int32 = 0
        return ioctl(self.source, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
    }

    private enum Step {
        case passed(Int)
        case ended(End)
    }

    /// Reads once and writes it all.
    private func passOn(_ buffer: UnsafeMutableRawBufferPointer) -> Step {
        let length = read(self.source, buffer.baseAddress, buffer.count)
        if length < 0 && errno == EINTR { return .passed(0) }
        guard length > 0 else { return .ended(.closed) }
        let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<length])
        self.capture.record(bytes, of: self.stream)
        let errorNumber = Descriptor.write(bytes, to: self.destination)
        return errorNumber == 0 ? .passed(length) : .ended(.unwritable(errorNumber))
    }
}

/// Writing to a descriptor that may be anything.
enum Descriptor {
    /// Writes all bytes, waiting as long as it takes.
    ///
    /// - Returns: 0, or the error number.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno == EAGAIN {
                // Somebody who shares it made it non-blocking.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }

    /// Why standard output, or what stands in its place, could not be written.
    ///
    /// - Parameter errorNumber: What ``write(_:to:)`` returned.
    /// - Returns: The reason in a few words.
    static func reason(_ errorNumber: Int32) -> String {
        errorNumber == EBADF ? "standard output is closed" : String(cString: strerror(errorNumber))
    }
}

extension Duration {
    /// Milliseconds, rounded up, so that nothing ends too early.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = self.components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
