internal import CPosix
internal import Glibc

/// The environment that the program was started with.
enum ProgramEnvironment {
    /// Its entries, `NAME=value`, as the bytes they are.
    static func entries() -> [[UInt8]] {
        var entries: [[UInt8]] = []
        guard var pointer = process_environment() else { return entries }
        while let entry = pointer.pointee {
            entries.append([UInt8](UnsafeRawBufferPointer(start: entry, count: strlen(entry))))
            pointer += 1
        }
        return entries
    }

    /// Its entries as text, what is not UTF-8 repaired; of two of one name, the first counts, as for `getenv`.
    static func texts() -> [String: String] {
        var texts: [String: String] = [:]
        for entry in Self.entries() {
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: entry[..<equals], as: UTF8.self)
            if texts[name] == nil { texts[name] = String(decoding: entry[(equals + 1)...], as: UTF8.self) }
        }
        return texts
    }
}
