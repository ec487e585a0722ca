import Glibc

/// Small files, read whole.
enum FileText {
    /// Why a file was not read, in words.
    struct ReadError: Error {
        var reason: String
    }

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: Its path.
    ///   - limit: The most bytes it may have.
    /// - Returns: Its bytes, or why not.
    static func read(_ path: String, limit: Int) -> Result<[UInt8], ReadError> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(ReadError(reason: String(cString: strerror(errno)))) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return .success(bytes) }
            if count < 0 {
                if errno == EINTR { continue }
                return .failure(ReadError(reason: String(cString: strerror(errno))))
            }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { return .failure(ReadError(reason: "larger than \(limit) bytes")) }
        }
    }
}
