/// What `Content-Type` and `Accept` say of bodies.
enum MediaType {
    /// Whether a client asks for JSON rather than for events.
    ///
    /// - Parameter accept: The header fields of that name (RFC 9110, section 12.5.1).
    /// - Returns: Whether JSON is named, and not excluded, and events are not named.
    static func prefersJSON(_ accept: [String]) -> Bool {
        let ranges = accept.flatMap { $0.lowercased().split(separator: ",") }.map { range in
            range.split(separator: ";", omittingEmptySubsequences: false).map { String($0.trimmingBlanks) }
        }
        func names(_ type: String) -> Bool {
            ranges.contains {
                $0.first == type && !$0.dropFirst().contains { ["q=0", "q=0.0", "q=0.00"].contains($0) }
            }
        }
        return names("application/json") && !names(EventStream.mediaType)
    }

    /// Whether it is JSON: `application/json`, `text/json` or anything that ends with `+json` (RFC 6839), in UTF-8.
    ///
    /// - Parameter contentType: The header field.
    /// - Returns: Whether a body of that type is read.
    static func isJSON(_ contentType: String) -> Bool {
        if contentType == "application/json" { return true }
        let parts = contentType.lowercased().split(separator: ";", omittingEmptySubsequences: false)
            .map { $0.trimmingBlanks }
        guard let type = parts.first,
            type == "application/json" || type == "text/json"
                || type.hasSuffix("+json") && type.hasPrefix("application/")
        else { return false }
        return parts.dropFirst().allSatisfy { parameter in
            guard parameter.hasPrefix("charset=") else { return true }
            let charset = parameter.dropFirst("charset=".count).filter { $0 != "\"" }
            return charset == "utf-8" || charset == "utf8" || charset == "us-ascii"
        }
    }
}

extension StringProtocol {
    /// The text without the spaces and tabs around it.
    var trimmingBlanks: SubSequence {
        var rest = self[...]
        while let first = rest.first, first == " " || first == "\t" { rest = rest.dropFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
        return rest
    }
}
