import Glibc
import Testing

@testable import ProcessHTTP

@Suite("GET / and what the page is made of")
struct DashboardTests {
    private static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
    private static let folder = "\(Self.root)/Sources/ProcessHTTP/Dashboard"

    private static func read(_ path: String) throws -> String {
        let file = try #require(fopen(path, "r"), "\(path)")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return try #require(String(validating: bytes, as: UTF8.self))
    }

    /// The names of the files that the page is made of.
    private static func names() throws -> [String] {
        let folder = try #require(opendir("\(Self.folder)/Page"))
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }

    /// The Swift file that holds them all.
    private static func generated() throws -> String {
        var text = """
            // swift-format-ignore-file
            // Written by `make docs` out of Dashboard/Page: change the files there.

            /// The files of the dashboard.
            enum DashboardText {
                /// Each file's name and text.
                static let all: [(name: StaticString, text: StaticString)] = [

            """
        for name in try Self.names() {
            let content = try Self.read("\(Self.folder)/Page/\(name)")
            // The literal takes everything but its own end and escapes; its last line break is not the text's.
            try #require(!content.contains("\"\"\"#") && !content.contains("\\#"), "\(name)")
            text += "(\"\(name)\", #\"\"\"\n\(content)\n\"\"\"#),\n"
        }
        return text + "    ]\n}\n"
    }

    @Test("the code holds the files of the page as they are")
    func isCurrent() throws {
        let path = "\(Self.folder)/DashboardText.swift"
        let expected = try Self.generated()
        if getenv("UPDATE_DOCUMENTS") != nil {
            let file = try #require(fopen(path, "w"))
            defer { fclose(file) }
            #expect(fputs(expected, file) >= 0)
        } else {
            let isCurrent = try Self.read(path) == expected
            #expect(isCurrent, "the files in Dashboard/Page have changed: run `make docs`")
        }
    }

    @Test("the page and each of its parts are sent with their type, a tag and a strict policy")
    func parts() async throws {
        let service = TestService()
        for name in try Self.names() {
            let answer = await service.get(name == "index.html" ? "/?theme=whatever" : "/dashboard/\(name)")
            #expect(answer.status == 200)
            let isSame = answer.text == (try Self.read("\(Self.folder)/Page/\(name)"))
            #expect(isSame, "\(name)")
            let types = ["html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"]
            let type = try #require(types[String(name.split(separator: ".").last ?? "")])
            #expect(answer.header("Content-Type")?.hasPrefix(type) == true, "\(name)")
            #expect(answer.header("Cache-Control") == "private, no-cache")
            #expect(answer.header("X-Content-Type-Options") == "nosniff")
            let policy = try #require(answer.header("Content-Security-Policy"))
            #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'; "))
            #expect(!policy.contains("unsafe") && !policy.contains("*") && policy.contains("frame-ancestors 'none'"))
            let tag = try #require(answer.header("ETag"))
            let again = await service.get(
                name == "index.html" ? "/" : "/dashboard/\(name)", headers: ["If-None-Match": "\"x\", W/\(tag)"])
            #expect(again.status == 304 && again.text.isEmpty && again.header("ETag") == tag)
        }
    }

    @Test("a part that there is not is no path, and nothing else can be read by its name")
    func unknownPart() async {
        for name in ["nothing.js", "..%2FDashboardPart.swift", "%2e%2e", "app.js%00"] {
            await TestService().get("/dashboard/\(name)").expectProblem(.notFound)
        }
    }

    @Test("the page refers to parts that there are, and to nothing elsewhere")
    func references() throws {
        let names = Set(try Self.names())
        for name in names {
            let text = try Self.read("\(Self.folder)/Page/\(name)")
            for match in text.matches(of: /(?:src|href)="dashboard\/([^"]+)"/) {
                #expect(names.contains(String(match.output.1)), "\(name)")
            }
            for match in text.matches(of: /from "\.\/([^"]+)"/) {
                #expect(names.contains(String(match.output.1)), "\(name)")
            }
            // The name of a vocabulary is an address that nobody fetches.
            #expect(!text.replacing("http://www.w3.org/2000/svg", with: "").contains("://"), "\(name)")
            #expect(!text.contains("innerHTML") && !text.contains("outerHTML") && !text.contains("style=\""), "\(name)")
        }
    }
}
