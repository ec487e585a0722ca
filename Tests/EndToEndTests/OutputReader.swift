import Glibc
import Synchronization

/// Reads all that comes from a program on a thread of its own, so that the program never waits for its reader.
final class OutputReader: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isAtEnd = false
        var waiters: [Waiter] = []
        var endWaiters: [CheckedContinuation<String, Never>] = []

        var text: String { String(decoding: self.bytes, as: UTF8.self) }
    }

    private struct Waiter {
        let words: String
        let count: Int
        let continuation: CheckedContinuation<String?, Never>
    }

    private let state = Mutex(State())

    /// Takes over a descriptor, and reads it to its end.
    init(_ descriptor: Int32) {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Work(reader: self, descriptor: descriptor)).toOpaque()
        pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
                work.reader.read(work.descriptor)
                return nil
            }, box)
        pthread_detach(thread)
    }

    /// What has come up to now.
    var text: String { self.state.withLock { $0.text } }

    /// Waits for a whole line that holds some words.
    ///
    /// - Parameters:
    ///   - words: The words; none: any line.
    ///   - count: Which of those lines: 1 is the first.
    /// - Returns: The line, or `nil` where the writer closed without it.
    func line(with words: String = "", count: Int = 1) async -> String? {
        await withCheckedContinuation { continuation in
            self.state.withLock { state in
                state.waiters.append(Waiter(words: words, count: count, continuation: continuation))
                Self.serve(&state)
            }
        }
    }

    /// Everything, once the writer has closed.
    func all() async -> String {
        await withCheckedContinuation { continuation in
            self.state.withLock { state in
                state.endWaiters.append(continuation)
                Self.serve(&state)
            }
        }
    }

    private static func serve(_ state: inout State) {
        if !state.waiters.isEmpty {
            let lines = state.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
                .map { String(decoding: $0, as: UTF8.self) }
            state.waiters.removeAll { waiter in
                let found = lines.filter { waiter.words.isEmpty || $0.contains(waiter.words) }
                guard found.count >= waiter.count || state.isAtEnd else { return false }
                waiter.continuation.resume(returning: found.count >= waiter.count ? found[waiter.count - 1] : nil)
                return true
            }
        }
        if state.isAtEnd {
            for waiter in state.endWaiters { waiter.resume(returning: state.text) }
            state.endWaiters.removeAll()
        }
    }

    private func read(_ descriptor: Int32) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            self.state.withLock { state in
                if count > 0 { state.bytes.append(contentsOf: buffer[..<count]) } else { state.isAtEnd = true }
                Self.serve(&state)
            }
            if count <= 0 { break }
        }
        close(descriptor)
    }

    private final class Work {
        let reader: OutputReader
        let descriptor: Int32

        init(reader: OutputReader, descriptor: Int32) {
            self.reader = reader
            self.descriptor = descriptor
        }
    }
}
