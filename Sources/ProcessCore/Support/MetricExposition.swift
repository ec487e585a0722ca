/// A number as the exposition shows it.
public enum MetricNumber: Sendable {
    /// A whole number, exact.
    case whole(UInt64)
    /// Any number.
    case real(Double)
}

/// Metrics as text, in the Prometheus exposition format 0.0.4.
public struct MetricExposition: Sendable {
    /// The media type of the text.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The text so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty text.
    public init() {
        self.bytes.reserveCapacity(16 * 1024)
    }

    /// Begins a family.
    ///
    /// - Parameters:
    ///   - name: The family's name.
    ///   - type: `counter`, `gauge` or `histogram`.
    ///   - help: One sentence on what the numbers mean.
    public mutating func family(_ name: String, type: String, help: String) {
        self.bytes.append(contentsOf: "# HELP \(name) ".utf8)
        self.appendEscaped(help, quotesEscaped: false)
        self.bytes.append(contentsOf: "\n# TYPE \(name) \(type)\n".utf8)
    }

    /// Adds a sample.
    ///
    /// - Parameters:
    ///   - name: The name of the sample: the family's, with `_bucket`, `_sum` or `_count` behind it in a histogram.
    ///   - labels: The names and values of its labels.
    ///   - number: The number.
    public mutating func sample(_ name: String, _ labels: [(name: String, value: String)], _ number: MetricNumber) {
        self.bytes.append(contentsOf: name.utf8)
        for (index, label) in labels.enumerated() {
            self.bytes.append(UInt8(ascii: index == 0 ? "{" : ","))
            self.bytes.append(contentsOf: label.name.utf8)
            self.bytes.append(contentsOf: "=\"".utf8)
            self.appendEscaped(label.value, quotesEscaped: true)
            self.bytes.append(UInt8(ascii: "\""))
        }
        if !labels.isEmpty { self.bytes.append(UInt8(ascii: "}")) }
        self.bytes.append(UInt8(ascii: " "))
        self.bytes.append(contentsOf: Self.text(number).utf8)
        self.bytes.append(UInt8(ascii: "\n"))
    }

    /// The text of a number, without a needless fraction.
    static func text(_ number: MetricNumber) -> String {
        switch number {
        case .whole(let number): "\(number)"
        case .real(let number) where number.isNaN: "NaN"
        case .real(let number) where number.isInfinite: number < 0 ? "-Inf" : "+Inf"
        case .real(let number): Int64(exactly: number).map { "\($0)" } ?? "\(number)"
        }
    }

    private mutating func appendEscaped(_ text: String, quotesEscaped: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): self.bytes.append(contentsOf: #"\\"#.utf8)
            case UInt8(ascii: "\n"): self.bytes.append(contentsOf: #"\n"#.utf8)
            case UInt8(ascii: "\"") where quotesEscaped: self.bytes.append(contentsOf: #"\""#.utf8)
            default: self.bytes.append(byte)
            }
        }
    }
}
