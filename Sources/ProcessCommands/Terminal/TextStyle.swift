internal import ProcessCore

/// How a piece of text looks on a terminal that has colours.
enum TextStyle: String, Sendable {
    case plain = ""
    case bold = "1"
    case faint = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"

    /// The text in this style; as it is where there are no colours.
    func applied(to text: String, hasColors: Bool) -> String {
        hasColors && self != .plain && !text.isEmpty ? "\u{1B}[\(self.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// The colour of a status.
    init(_ status: ProcessStatus) {
        switch status {
        case .pending: self = .yellow
        case .running: self = .cyan
        case .completed: self = .green
        case .failed: self = .red
        case .cancelled: self = .faint
        }
    }
}
