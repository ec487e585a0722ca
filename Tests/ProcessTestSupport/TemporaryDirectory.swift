import Glibc

/// A folder of a test's own, which is gone after it.
public enum TemporaryDirectory {
    /// Why there is none.
    public struct Failure: Error {
        /// The system's error number.
        public let code: Int32
    }

    /// Makes a folder, and removes it with all that is in it when the body has ended, however it ends.
    ///
    /// Its path is short, since a Unix socket's may have 107 bytes.
    ///
    /// - Parameter body: Gets the path, without a slash at its end.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or a ``Failure``.
    public static func with<Answer>(_ body: (String) async throws -> Answer) async throws -> Answer {
        let path = try self.make()
        defer { self.remove(path) }
        return try await body(path)
    }

    /// Makes a folder, for whoever ends it with ``remove(_:)``.
    ///
    /// - Returns: The path, without a slash at its end.
    /// - Throws: A ``Failure``.
    public static func make() throws -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/tracker-XXXXXX".utf8CString)
        guard template.withUnsafeMutableBufferPointer({ mkdtemp($0.baseAddress!) }) != nil else {
            throw Failure(code: errno)
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes a folder and what is in it; links are removed, not followed.
    ///
    /// - Parameter path: Where it is.
    public static func remove(_ path: String) {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                guard name != ".", name != ".." else { continue }
                let child = "\(path)/\(name)"
                if unlink(child) != 0 { self.remove(child) }
            }
            closedir(folder)
        }
        rmdir(path)
    }
}
