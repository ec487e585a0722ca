internal import Glibc
internal import ProcessCore

/// What the tracker is told about who does the work.
enum WorkerName {
    /// This machine and this program's number, such as `db1/4711`.
    static var ours: String {
        var system = utsname()
        uname(&system)
        let name = withUnsafeBytes(of: &system.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let host = String(name.filter { IdentifierShape.matches("a\($0)") }.prefix(100))
        return "\(host.isEmpty ? "host" : host)/\(getpid())"
    }
}
