import Glibc
import HTTPTransport
import ProcessTestSupport
import Testing

/// The dashboard in a real browser: `make test-browser`, which installs one.
///
/// One after the other: a browser is several processes, and takes what there is of a small machine.
@Suite(
    .enabled(if: getenv("TRACKER_BROWSER_TESTS") != nil, "make test-browser sets TRACKER_BROWSER_TESTS"), .serialized,
    .remembersPrograms, .showsStandardError, .timeLimit(.minutes(5)))
enum BrowserTests {
    /// Opens the dashboard of a service of the test's own, and in the end expects that the browser had nothing to complain of.
    static func withDashboard(
        _ environment: [String: String] = ["TRACKER_REPOSITORY": "memory"], width: Int = 1280, height: Int = 900,
        theme: String = "light", at place: String = "", mayComplain: Bool = false,
        _ body: (TrackerProgram, Browser) async throws -> Void
    ) async throws {
        let program = try await TrackerProgram(environment)
        try await Browser.with(width: width, height: height, theme: theme) { browser in
            try await browser.open("\(program.url)/\(place)")
            try await browser.wait("document.documentElement.dataset.connection === 'live'")
            try await body(program, browser)
            let complaints = try await browser.complaints()
            #expect(complaints.isEmpty || mayComplain)
        }
    }

    /// The selector of a process's row.
    static func row(_ id: String) -> String { "#rows tr:has(a[href=\"#/process/\(id)\"])" }
}

extension TrackerProgram {
    /// Starts a process that must start.
    func start(_ id: String, kind: String = "report", _ more: String = "") async throws {
        let answer = try await self.client.post("/start", "{\"kind\":\"\(kind)\",\"id\":\"\(id)\"\(more)}")
        try #require(answer.status == 202, "\(answer)")
    }

    /// Sends a report that must be taken.
    func report(_ verb: String, _ id: String, _ body: String = "{}") async throws {
        let answer = try await self.client.post("/\(verb)/\(id)", body)
        try #require(answer.status == 200, "\(answer)")
    }
}
