import ProcessCore
import Testing

@testable import ProcessHTTP

@Suite("Small parts of the API")
struct SmallPartsTests {
    @Test(
        "a fingerprint is FNV-1a of 128 bits and the length",
        arguments: [
            ("", "6c62272e07bb014262b821756295c58d-0"), ("a", "d228cb696f1a8caf78912b704e4a8964-1"),
            ("foobar", "343e1662793c64bf6f0d3597ba446f18-6"),
        ])
    func fingerprint(body: String, text: String) {
        #expect(BodyFingerprint(Array(body.utf8)).text == text)
    }

    @Test(
        "a cursor is read back as it was written, and no other text is",
        arguments: [
            ("a", 0), ("ab", -1), ("abc", 1_794_132_000_123), (String(repeating: "~", count: 128), .max),
            ("A.z_0:~-", .min),
        ])
    func cursor(id: String, milliseconds: Int64) {
        let cursor = ProcessQuery.Cursor(
            createdAt: Timestamp(milliseconds: milliseconds), id: ProcessID(trusted: id))
        let text = PageCursor.text(cursor)
        #expect(text.utf8.allSatisfy { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "=") })
        #expect(PageCursor.cursor(text) == cursor)
        #expect(PageCursor.cursor(text + "A") == nil)
        #expect(PageCursor.cursor(text + "=") == nil)
        #expect(PageCursor.cursor(" " + text) == nil)
    }

    @Test(
        "a tag is the revision in quotes",
        arguments: [0, 1, 9, 10, 99, 1_234_567, 9_999_999_999_999, 10_000_000_000_000, Int64.max])
    func entityTag(revision: Int64) {
        #expect(EntityTag.text(of: revision) == "\"\(revision)\"")
        #expect(EntityTag.isKnown(revision, in: ["\"x\"", "W/\"\(revision)\""]))
    }

    @Test("tags have commas between them, and what has none is no list")
    func entityTagLists() {
        let tags = [1, 2].map { EntityTag.Tag(isWeak: false, opaque: "\($0)") }
        for list in ["\"1\",\"2\"", "\"1\" , \"2\"", ",\"1\",,\t\"2\",", "\"1\", \"2\" "] {
            #expect(EntityTag.condition([list]) == .tags(tags), "\(list)")
        }
        #expect(EntityTag.condition(["\"1\"", "\"2\""]) == .tags(tags))
        for list in ["\"1\" \"2\"", "\"1\"\"2\"", "\"1\" x", "\"1\",x", "", ","] {
            #expect(EntityTag.condition([list]) == nil, "\(list)")
        }
    }

    @Test("made request ids differ and have identifier shape")
    func requestIDs() {
        let (first, second) = (RequestIDs(), RequestIDs())
        let ids = (0..<1000).flatMap { _ in [first.next(), second.next()] }
        #expect(Set(ids).count == 2000)
        #expect(ids.allSatisfy { IdentifierShape.matches($0) })
    }

    @Test("a route is found by its template", arguments: Route.allCases)
    func routes(route: Route) {
        let match = RouteMatch(path: route.template.replacing(/{[a-z]+}/, with: "some-id"))
        #expect(match?.route == route)
        #expect(match?.id == (route.template.hasSuffix("}") ? "some-id" : nil))
        #expect(RouteMatch(path: route.template + "/") == nil)
        #expect(RouteMatch(path: route.template.uppercased())?.route != route || route == .dashboard)
    }

    @Test("a problem's title and type belong to its code alone")
    func problemCodes() {
        #expect(Set(ProblemCode.allCases.map(\.title)).count == ProblemCode.allCases.count)
        #expect(Set(ProblemCode.allCases.map(\.type)).count == ProblemCode.allCases.count)
        #expect(ProblemCode.allCases.allSatisfy { $0.status.code >= 400 && !$0.status.reason.description.isEmpty })
    }

    @Test("of a text too long for an answer the beginning is shown")
    func shortened() {
        #expect(Problem.shortened("short") == "short")
        #expect(Problem.shortened(String(repeating: "é", count: 100)) == String(repeating: "é", count: 100))
        #expect(Problem.shortened(String(repeating: "é", count: 101)) == String(repeating: "é", count: 100) + "…")
        // One character of endless length is cut too.
        let endless = "e" + String(repeating: "\u{301}", count: 100_000)
        #expect(Problem.shortened(endless).utf8.count < 300)
    }
}
