import Glibc

/// Files of a test, as bytes.
enum TestFiles {
    static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw ChildProgram.Failure(description: "can't read \(path)") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = fopen(path, "w") else { throw ChildProgram.Failure(description: "can't write \(path)") }
        let count = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, count == bytes.count else {
            throw ChildProgram.Failure(description: "can't write \(path)")
        }
    }

    /// The names in a folder.
    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// A file system of a program's own, for which `unshare` makes room where the system lets it.
enum OwnFileSystem {
    /// Words in front of a program's that have a shell prepare its mounts first.
    static func prefix(_ preparation: String) -> [String] {
        let user = geteuid() == 0 ? [] : ["--user", "--map-root-user"]
        return ["unshare"] + user + [
            "--mount", "--propagation", "private", "sh", "-c", "\(preparation) && exec \"$@\"", "sh",
        ]
    }

    /// Whether the system lets a program mount something for itself; containers often forbid it.
    static let isAllowed: Bool = {
        let child = try? ChildProgram(
            Self.prefix("mount -t tmpfs none /mnt") + ["true"], ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
        return child?.waitForEnd() == 0
    }()
}
