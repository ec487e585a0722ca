internal import Glibc

/// Small files, read and written whole.
enum TextFile {
    /// Why one could not be.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads a file.
    static func read(_ path: String) throws -> String {
        guard let file = fopen(path, "re") else { throw Self.failure(path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            bytes += buffer[..<count]
            if count < buffer.count { break }
        }
        guard ferror(file) == 0 else { throw Self.failure(path) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes a file anew.
    static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "we") else { throw Self.failure(path) }
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten else { throw Self.failure(path) }
    }

    private static func failure(_ path: String) -> Failure {
        Failure(description: "\(path): \(String(cString: strerror(errno)))")
    }
}
