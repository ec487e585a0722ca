internal import ProcessCore

/// How far a process is, as text.
enum ProgressText {
    /// Whole percent, cut off: 100% is shown only for what is complete.
    static func percent(_ fraction: Double) -> String { "\(Int(min(max(fraction, 0), 1) * 100))%" }

    /// A bar: `████████░░░░░░░░`, or `########--------` where signs beyond ASCII can't be shown.
    static func bar(_ fraction: Double, width: Int, hasUnicode: Bool) -> String {
        let filled = Int(min(max(fraction, 0), 1) * Double(width))
        return String(repeating: hasUnicode ? "█" : "#", count: filled)
            + String(repeating: hasUnicode ? "░" : "-", count: width - filled)
    }

    /// A number as it was sent, without `.0`.
    static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return "\(value)"
    }
}
