/// What a `Content-Type` says of a body.
enum MediaType {
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
