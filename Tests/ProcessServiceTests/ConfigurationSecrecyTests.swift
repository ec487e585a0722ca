import ProcessCore
import Testing

@testable import ProcessService

@Suite("Secrets of the configuration")
struct ConfigurationSecrecyTests {
    static let environments: [[String: String]] = [
        ["REDIS_PASSWORD": "hunter2"], ["REDIS_PASSWORD": "hunter2", "REDIS_USERNAME": "ada"],
        ["REDIS_URL": "redis://:hunter2@h"], ["REDIS_URL": "redis://ada:hunter2@h:6380/3"],
        ["REDIS_URL": "redis://ada:%68unter2@h"], ["REDIS_URL": "redis://h?password=hunter2"],
        ["REDIS_URL": "unix://ada:hunter2@/r.sock?db=2"], ["REDIS_URL": "redis://h", "REDIS_PASSWORD": "hunter2"],
    ]

    @Test("no password shows in the report, a description, a dump or a log line", arguments: Self.environments)
    func reports(environment: [String: String]) throws {
        for repository in ["redis", "sqlite"] {
            let configuration = try configuration(environment.merging(["TRACKER_REPOSITORY": repository]) { $1 })
            var dumped = ""
            dump(configuration, to: &dumped)
            let entry = LogEntry(
                time: Timestamp(milliseconds: 0), level: .info, message: "Configured",
                metadata: ["configuration": "\(configuration)", "repository": "\(configuration.repository)"])
            let shown = [
                configuration.report.render(), "\(configuration)", String(reflecting: configuration), dumped,
                "\(configuration.repository)", "\(configuration.report)", "\(entry)",
            ]
            for text in shown { #expect(!text.contains("unter2")) }
            #expect(configuration.entry("REDIS_PASSWORD")?.value == "<redacted>")
        }
    }

    @Test(
        "a password under the wrong key is not shown either",
        arguments: [
            (["REDIS_HOST": "redis://:hunter2@h"], "REDIS_HOST"),
            (["REDIS_HOST": "unix:///r?password=hunter2"], "REDIS_HOST"),
            (["REDIS_PORT": "6379@hunter2"], "REDIS_PORT"), (["TRACKER_URL": "http://u:hunter2@h"], "TRACKER_URL"),
            (["TRACKER_REDIS_PASSWORD": "hunter2"], "TRACKER_REDIS_PASSWORD"),
        ])
    func misplaced(environment: [String: String], key: String) throws {
        let line = try #require(configurationError(environment))
        #expect(line.hasPrefix("\(key): "))
        #expect(!line.contains("hunter2"))
    }

    @Test("a URL is shown with its password masked, and what it decides under the keys it is about")
    func maskedURL() throws {
        let configuration = try configuration(["REDIS_URL": "redis://ada:hunter2@cache:6380/3"])
        let entries = configuration.report.entries.filter { $0.key.hasPrefix("REDIS_") && $0.source != "default" }
        #expect(
            entries.map { "\($0.key)=\($0.value) (\($0.source))" } == [
                "REDIS_URL=redis://ada:<redacted>@cache:6380/3 (environment)",
                "REDIS_HOST=cache (environment, REDIS_URL)", "REDIS_PORT=6380 (environment, REDIS_URL)",
                "REDIS_DB=3 (environment, REDIS_URL)", "REDIS_USERNAME=ada (environment, REDIS_URL)",
                "REDIS_PASSWORD=<redacted> (environment, REDIS_URL)",
            ])
    }

    @Test("the report has a line for each key, in three columns, free of control characters")
    func rendering() throws {
        let configuration = try configuration(["TRACKER_SQLITE_PATH": "a\u{1B}[31m\nb", "TRACKER_THREADS": "3"])
        let text = configuration.report.render()
        let lines = text.split(separator: "\n")
        #expect(lines.count == ServiceSettings.all.count)
        #expect(zip(lines, ServiceSettings.all).allSatisfy { $0.hasPrefix($1.key) })
        #expect(lines.contains { $0.hasPrefix("TRACKER_THREADS") && $0.hasSuffix("environment") && $0.contains(" 3 ") })
        #expect(lines.contains { $0.hasPrefix("TRACKER_HOSTS") && $0.contains("(none)") })
        #expect(text.contains(#"a\u001b[31m\nb"#))
        #expect(!text.contains("\u{1B}"))
    }
}
