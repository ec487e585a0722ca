/// For how long a client wants its answer held: `wait` of the header field `Prefer` (RFC 7240, section 4.3).
struct WaitPreference: Hashable {
    /// The whole seconds, 0…60.
    let seconds: Int

    /// The longest wait; more is taken as this.
    static let longest = 60

    /// The wait as a length of time.
    var duration: Duration { .seconds(self.seconds) }

    /// What `Preference-Applied` says of it.
    var applied: String { "wait=\(self.seconds)" }

    /// Finds the first `wait`. The answer is nil where there is none, or it is no number of seconds: a preference that can't
    /// be read is as if it had not been sent.
    ///
    /// - Parameter values: The header fields of that name, which together make one list.
    init?(_ values: [String]) {
        for preference in values.flatMap({ Self.split($0, at: ",") }) {
            // What follows a semicolon qualifies the preference; `wait` has nothing to be qualified by.
            let parts = Self.split(Self.split(preference, at: ";")[0], at: "=")
            guard parts[0].lowercased() == "wait" else { continue }
            guard parts.count == 2, let seconds = Self.seconds(parts[1]) else { return nil }
            self.seconds = seconds
            return
        }
        return nil
    }

    /// Splits a text at a separator that stands outside of quotes; the parts, at least one, are without blanks around them.
    private static func split(_ text: String, at separator: Unicode.Scalar) -> [String] {
        var parts: [String] = []
        var part = String.UnicodeScalarView()
        var isQuoted = false
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if scalar == separator, !isQuoted {
                parts.append(String(String(part).trimmingBlanks))
                part = String.UnicodeScalarView()
                continue
            }
            part.append(scalar)
            if isEscaped {
                isEscaped = false
            } else if isQuoted, scalar == "\\" {
                isEscaped = true
            } else if scalar == "\"" {
                isQuoted.toggle()
            }
        }
        return parts + [String(String(part).trimmingBlanks)]
    }

    private static func seconds(_ text: String) -> Int? {
        let isQuoted = text.utf8.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
        let digits = isQuoted ? text.dropFirst().dropLast() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        // More digits than a number holds are a wish for a long wait all the same.
        return min(Int(digits) ?? Self.longest, Self.longest)
    }
}
