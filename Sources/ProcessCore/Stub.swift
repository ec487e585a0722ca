public struct Timestamp: Hashable, Comparable, Sendable {
    public var milliseconds: Int64
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    public static func < (l: Self, r: Self) -> Bool { l.milliseconds < r.milliseconds }
    public static func + (l: Self, r: Duration) -> Self { Self(milliseconds: l.milliseconds + r.milliseconds) }
    public static func - (l: Self, r: Duration) -> Self { Self(milliseconds: l.milliseconds - r.milliseconds) }
    public static func - (l: Self, r: Self) -> Duration { .milliseconds(l.milliseconds - r.milliseconds) }
}
extension Duration {
    public var milliseconds: Int64 { 0 }
    public var text: String { "" }
}
public struct JSONText: Hashable, Sendable {}
