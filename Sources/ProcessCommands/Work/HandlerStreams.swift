internal import Glibc

/// Serves the three streams of a handler, on a thread of its own: gives it its input, keeps its output, and passes its
/// errors on.
///
/// A thread that may block, and not the event loop: somebody who stops reading our standard error holds up the handlers
/// that print there, and nobody's heartbeats.
struct HandlerStreams: Sendable {
    /// What the handler gets on its standard input. One that does not read it has nothing to fear.
    let input: [UInt8]
    /// The end of its input to write to; not blocking.
    let toHandler: Int32
    /// The end of its output to read from.
    let fromOutput: Int32
    /// The end of its errors to read from.
    let fromErrors: Int32
    /// Becomes readable when the handler has ended.
    let exitNotice: Int32
    /// How long to wait, after the handler has ended, for something it left behind that still holds its streams.
    let linger: Duration
    /// What makes lines of its errors.
    let errors: HandlerErrors
    /// Where these go.
    let destination: Int32
    /// Called once, when the handler has printed more than any result may have.
    let onTooMuch: @Sendable () -> Void

    private static let bufferSize = 65_536

    /// Serves the streams until there will be no more, and closes them.
    ///
    /// - Returns: What the handler printed to its standard output.
    func run() -> HandlerOutput {
        var pass = Pass(self)
        defer { pass.close() }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 16)
        defer { buffer.deallocate() }
        while !pass.isOver { pass.step(buffer) }
        self.passOn(self.errors.end())
        return pass.output
    }

    /// Where nobody reads our standard error any more, handlers go on all the same.
    private func passOn(_ lines: [UInt8]) {
        guard !lines.isEmpty else { return }
        _ = lines.withUnsafeBytes { Descriptor.write($0, to: self.destination) }
    }

    /// One handler's streams, as far as they are served.
    private struct Pass {
        let streams: HandlerStreams
        var output = HandlerOutput()
        var written = 0
        /// The descriptors; -1, which `poll` passes over, once closed.
        var toHandler: Int32
        var fromOutput: Int32
        var fromErrors: Int32
        /// How long what is left behind may still print, once the handler has ended.
        var deadline: ContinuousClock.Instant?
        /// What the handler itself has printed and we have not read; that is read however long it takes.
        var owedOutput = 0
        var owedErrors = 0

        init(_ streams: HandlerStreams) {
            self.streams = streams
            (self.toHandler, self.fromOutput, self.fromErrors) =
                (streams.toHandler, streams.fromOutput, streams.fromErrors)
        }

        var isOver: Bool {
            guard let deadline = self.deadline else { return false }
            if self.fromOutput < 0 && self.fromErrors < 0 { return true }
            return self.owedOutput <= 0 && self.owedErrors <= 0 && deadline <= .now
        }

        mutating func step(_ buffer: UnsafeMutableRawBufferPointer) {
            var waiting = [
                pollfd(fd: self.toHandler, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: self.fromOutput, events: Int16(POLLIN), revents: 0),
                pollfd(fd: self.fromErrors, events: Int16(POLLIN), revents: 0),
                pollfd(fd: self.deadline == nil ? self.streams.exitNotice : -1, events: Int16(POLLIN), revents: 0),
            ]
            var limit: Int32 = -1
            if let deadline = self.deadline { limit = Int32(clamping: max(.zero, deadline - .now).wholeMilliseconds) }
            guard poll(&waiting, nfds_t(waiting.count), limit) > 0 else { return }
            if waiting[0].revents != 0 { self.write() }
            if waiting[1].revents != 0 {
                if let chunk = Self.read(self.fromOutput, buffer) {
                    let wasCut = self.output.isCut
                    self.output.append(chunk)
                    if self.output.isCut && !wasCut { self.streams.onTooMuch() }
                    self.owedOutput -= chunk.count
                } else {
                    Self.close(&self.fromOutput)
                    self.owedOutput = 0
                }
            }
            if waiting[2].revents != 0 {
                if let chunk = Self.read(self.fromErrors, buffer) {
                    self.streams.passOn(self.streams.errors.receive(chunk))
                    self.owedErrors -= chunk.count
                } else {
                    Self.close(&self.fromErrors)
                    self.owedErrors = 0
                }
            }
            if waiting[3].revents != 0 {
                Self.close(&self.toHandler)
                self.deadline = .now + self.streams.linger
                self.owedOutput = Self.bytesWaiting(self.fromOutput)
                self.owedErrors = Self.bytesWaiting(self.fromErrors)
            }
        }

        /// Writes as much of the input as the pipe takes; closes it behind the last byte, or where nobody reads it.
        private mutating func write() {
            let input = self.streams.input
            let count = input.withUnsafeBytes { bytes in
                Glibc.write(self.toHandler, bytes.baseAddress! + self.written, bytes.count - self.written)
            }
            if count >= 0 {
                self.written += count
                if self.written == input.count { Self.close(&self.toHandler) }
            } else if errno != EAGAIN && errno != EINTR {
                Self.close(&self.toHandler)
            }
        }

        /// Reads once; nil at the end.
        private static func read(
            _ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer
        ) -> UnsafeRawBufferPointer? {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { return UnsafeRawBufferPointer(rebasing: buffer[..<0]) }
            guard count > 0 else { return nil }
            return UnsafeRawBufferPointer(rebasing: buffer[..<count])
        }

        private static func bytesWaiting(_ descriptor: Int32) -> Int {
            guard descriptor >= 0 else { return 0 }
            var count: Int32 = 0
            return ioctl(descriptor, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
        }

        private static func close(_ descriptor: inout Int32) {
            if descriptor >= 0 { Glibc.close(descriptor) }
            descriptor = -1
        }

        mutating func close() {
            Self.close(&self.toHandler)
            Self.close(&self.fromOutput)
            Self.close(&self.fromErrors)
            Glibc.close(self.streams.exitNotice)
        }
    }
}
