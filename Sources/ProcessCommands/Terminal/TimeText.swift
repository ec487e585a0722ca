internal import ProcessCore

/// Times as people say them.
enum TimeText {
    /// How long ago, or how long from now: `now`, `3m ago`, `in 2h 5m`.
    static func relative(_ instant: Timestamp, now: Timestamp) -> String {
        let distance = now - instant
        if abs(distance.milliseconds) < 1000 { return "now" }
        return distance > .zero ? "\(Self.short(distance)) ago" : "in \(Self.short(.zero - distance))"
    }

    /// A length of time in its two largest units: `850ms`, `45s`, `3m 20s`, `2h 5m`, `6d 1h`.
    static func short(_ duration: Duration) -> String {
        let milliseconds = max(0, duration.milliseconds)
        if milliseconds < 1000 { return "\(milliseconds)ms" }
        let seconds = milliseconds / 1000
        let units: [(length: Int64, name: String)] = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")]
        let largest = units.firstIndex { seconds >= $0.length } ?? units.count - 1
        var text = "\(seconds / units[largest].length)\(units[largest].name)"
        if largest + 1 < units.count {
            let rest = seconds % units[largest].length / units[largest + 1].length
            if rest > 0 { text += " \(rest)\(units[largest + 1].name)" }
        }
        return text
    }

    /// The time in UTC, to the second: `2026-11-08 10:00:00Z`.
    static func absolute(_ instant: Timestamp) -> String {
        instant.rfc3339.prefix(19).replacing("T", with: " ") + "Z"
    }
}
