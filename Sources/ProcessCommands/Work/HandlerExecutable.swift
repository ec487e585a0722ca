internal import Glibc

/// Looks, before any work is claimed, whether there is a handler that can be run: a worker without one would fail all that
/// is in its queues.
enum HandlerExecutable {
    /// Checks a handler.
    ///
    /// - Parameters:
    ///   - name: Its name; with a slash it is a path, otherwise it is looked for along `PATH`.
    ///   - path: `PATH`; nil for the system's default.
    /// - Throws: `CommandError` for wrong use where it can't be run.
    static func check(_ name: [UInt8], path: String?) throws(CommandError) {
        let handler = shown(String(decoding: name, as: UTF8.self))
        let candidates: [[UInt8]]
        if name.contains(UInt8(ascii: "/")) {
            candidates = [name]
        } else {
            let folders = (path ?? "/bin:/usr/bin").utf8.split(
                separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            candidates = folders.map { $0.isEmpty ? name : Array($0) + [UInt8(ascii: "/")] + name }
        }
        var found: [UInt8]?
        var reason: String?
        for candidate in candidates {
            guard let obstacle = Self.obstacle(candidate) else {
                found = candidate
                break
            }
            if obstacle != ENOENT && obstacle != ENOTDIR { reason = reason ?? Self.sentence(obstacle) }
        }
        guard let found else {
            let isPath = name.contains(UInt8(ascii: "/"))
            let missing = isPath ? "there is no such file" : "there is no such program along PATH"
            throw .usage("cannot run the handler \(handler): \(reason ?? missing)")
        }
        if let problem = Self.problem(inFirstLineOf: found) {
            throw .usage("cannot run the handler \(handler): \(problem)")
        }
    }

    /// Why a file can't be executed; nil where it can.
    private static func obstacle(_ file: [UInt8]) -> Int32? {
        Self.withPath(file) { path in
            var information = stat()
            guard stat(path, &information) == 0 else { return errno }
            if information.st_mode & S_IFMT == S_IFDIR { return EISDIR }
            return access(path, X_OK) == 0 ? nil : errno
        }
    }

    private static func sentence(_ obstacle: Int32) -> String {
        switch obstacle {
        case EISDIR: "it is a folder"
        case EACCES: "it is not executable; make it so with chmod +x"
        default: String(cString: strerror(obstacle))
        }
    }

    /// What keeps a script from running although it is marked as executable: what its first line names is not there, or
    /// there is no such line.
    private static func problem(inFirstLineOf file: [UInt8]) -> String? {
        var start = [UInt8](repeating: 0, count: 256)
        let count = Self.withPath(file) { path in
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return -1 }
            defer { close(descriptor) }
            return read(descriptor, &start, start.count)
        }
        // One that may be executed and not read is none of our business.
        guard count >= 0 else { return nil }
        start.removeLast(start.count - count)
        guard start.starts(with: "#!".utf8) else {
            if start.contains(0) { return nil }
            return "it is a script whose first line does not say what runs it, such as #!/bin/sh"
        }
        let line = start.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let interpreter = Array(line.drop(while: isBlank).prefix { !isBlank($0) })
        guard Self.obstacle(interpreter) != nil else { return nil }
        let name = shown(String(decoding: interpreter, as: UTF8.self))
        return "its first line names \(name), which can't be executed"
    }

    private static func withPath<Answer>(_ file: [UInt8], _ body: (UnsafePointer<CChar>) -> Answer) -> Answer {
        (file + [0]).withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }
}
