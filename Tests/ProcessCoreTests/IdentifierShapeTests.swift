import ProcessCore
import Testing

@Suite("IdentifierShape")
struct IdentifierShapeTests {
    private static let allowed = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:~-".unicodeScalars)

    @Test("of all single characters, exactly those of the shape may be in an identifier", arguments: [false, true])
    func everyCharacter(allowsSlash: Bool) {
        for code in (0..<0x300).map(UInt32.init) {
            guard let scalar = Unicode.Scalar(code) else { continue }
            let isAllowed = Self.allowed.contains(scalar) || (allowsSlash && scalar == "/")
            #expect(IdentifierShape.matches("a\(scalar)", allowsSlash: allowsSlash) == isAllowed, "\(code)")
        }
    }

    @Test("one to 128 bytes long, whether the text lies in one piece or not")
    func length() {
        #expect(!IdentifierShape.matches(""))
        for length in [1, 15, 16, 128] { #expect(IdentifierShape.matches(String(repeating: "a", count: length))) }
        #expect(!IdentifierShape.matches(String(repeating: "a", count: 129)))
        #expect(IdentifierShape.matches("process-1/x".prefix { $0 != "/" }))
    }

    @Test(
        "what a path would swallow is no identifier",
        arguments: [(".", false), ("..", false), ("...", true), (".a", true)])
    func dots(text: String, isAllowed: Bool) {
        #expect(IdentifierShape.matches(text) == isAllowed)
    }
}
