/// A file of the dashboard, as it is sent.
struct DashboardPart: Sendable {
    /// The name in the path; that of the page itself is `index.html`.
    let name: String
    /// The bytes.
    let body: [UInt8]
    /// What stands between the quotes of its `ETag`.
    let tag: String

    private init(name: StaticString, text: StaticString) {
        self.name = name.description
        self.body = text.withUTF8Buffer { Array($0) }
        self.tag = BodyFingerprint(self.body).text
    }

    /// The part of a name; nil where there is none.
    ///
    /// - Parameter name: The name, as it was sent.
    /// - Returns: The part.
    static func named(_ name: String) -> DashboardPart? { Self.all[name] }

    private static let all: [String: DashboardPart] = {
        let parts = DashboardText.all.map { DashboardPart(name: $0.name, text: $0.text) }
        return Dictionary(uniqueKeysWithValues: parts.map { ($0.name, $0) })
    }()

    /// What a browser makes of it.
    var contentType: String {
        switch self.name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        default: "image/svg+xml"
        }
    }

    /// What a browser may do with the page: run these scripts, use this style, ask this service, and nothing else.
    ///
    /// Trusted Types without any policy have it refuse each attempt to read markup out of a text, so that no mistake of a script
    /// can make markup of a payload. The page is in nobody's frame, where a click could be stolen.
    static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ].joined(separator: "; ")
}
