internal import CPosix
internal import Glibc

/// The two ends of a pipe that no child inherits by accident.
struct Pipe: Sendable {
    /// The end to read from.
    let reading: Int32
    /// The end to write to.
    let writing: Int32

    /// Makes a pipe.
    ///
    /// - Throws: `CommandError` when there is no descriptor left.
    init() throws(CommandError) {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else {
            throw .failed("cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        self.reading = ends[0]
        self.writing = ends[1]
    }
}
