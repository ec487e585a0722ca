import Glibc
import ProcessCore
import ProcessTestSupport
import Testing

@testable import ProcessService

/// The documents that repeat the list of settings: what they say is compared with the list.
///
/// `make docs` sets `UPDATE_DOCUMENTS`, and they are written anew instead.
@Suite("Documents about the configuration")
struct ConfigurationDocumentTests {
    private static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

    private static func read(_ path: String) throws -> String {
        try ConfigurationFile.read("\(Self.root)/\(path)").text
    }

    /// Replaces what stands between the two marks of a document.
    private static func replacing(_ content: String, in document: String) throws -> String {
        let begin = try #require(document.firstRange(of: "<!-- settings: `make docs` writes them -->\n"))
        let end = try #require(document.firstRange(of: "<!-- end of settings -->"))
        return document[..<begin.upperBound] + "\n" + content + "\n" + document[end.lowerBound...]
    }

    /// Compares a document with what it should be, or writes it.
    private static func check(_ path: String, is expected: String) throws {
        if getenv("UPDATE_DOCUMENTS") != nil {
            let file = try #require(fopen("\(Self.root)/\(path)", "w"))
            defer { fclose(file) }
            #expect(fputs(expected, file) >= 0)
        } else {
            let isCurrent = try Self.read(path) == expected
            #expect(isCurrent, "\(path) differs from the list of settings: run `make docs`")
        }
    }

    private static func markdownTable() -> String {
        let rows = ServiceSettings.all.map { setting in
            let flag = setting.flag.map { "`\($0)`" } ?? "no flag"
            let isText = setting.defaultNote == nil && !setting.defaultText.isEmpty
            let standard = isText ? "`\(setting.defaultText)`" : setting.defaultDescription
            return "| `\(setting.key)`<br>\(flag) | \(standard) | \(setting.meaning) *Allowed:* \(setting.allowed) |\n"
        }
        return "| key, flag | default | meaning |\n| --- | --- | --- |\n" + rows.joined()
    }

    private static func sampleFile() -> String {
        let head = """
            # Every key of process-tracker with its default. Take away the # in front of a key to set it.
            #
            #   process-tracker serve --config process-tracker.conf
            #
            # Flags and environment variables beat this file; `process-tracker config` shows what is in force. A password is
            # better off in the environment, in a file that only the service may read.

            """
        let settings = ServiceSettings.all.map { setting in
            let note = setting.defaultText.isEmpty ? " Default: \(setting.defaultDescription)." : ""
            return "\n# \(setting.meaning)\(note)\n#\(setting.key)=\(setting.defaultText)\n"
        }
        return head + settings.joined()
    }

    @Test("docs/configuration.md has every key with its flag, default and meaning")
    func documentation() throws {
        let path = "docs/configuration.md"
        try Self.check(path, is: Self.replacing(Self.markdownTable(), in: Self.read(path)))
    }

    @Test("config/process-tracker.conf has every key with its meaning")
    func sampleFileIsCurrent() throws {
        try Self.check("config/process-tracker.conf", is: Self.sampleFile())
    }

    @Test("config/process-tracker.conf, every key taken into use, gives exactly the defaults")
    func sampleFileIsDefault() throws {
        let text = try Self.read("config/process-tracker.conf")
        let lines = text.split(separator: "\n").map { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") ? line.dropFirst() : line
        }
        let inUse = lines.joined(separator: "\n")
        let keys = try ConfigurationFile(name: "x", text: inUse).pairs().map(\.key)
        #expect(keys == ServiceSettings.all.map(\.key))
        // Nothing is in force in the file as it stands, and the same is in force with all of it taken into use.
        let (asItStands, taken, defaults) = (
            try configuration(file: text), try configuration(file: inUse), try configuration()
        )
        #expect(asItStands.report.entries == defaults.report.entries)
        #expect(taken.report.entries.map(\.value) == defaults.report.entries.map(\.value))
        #expect(taken.repository == defaults.repository)
    }

    @Test("the help text has every flag, key and default, in at most 100 columns")
    func help() throws {
        let text = ConfigurationHelp.text()
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 100 })
        for setting in ServiceSettings.all {
            if let flag = setting.flag { #expect(lines.contains { $0.hasPrefix("  \(flag) \(setting.placeholder)") }) }
            #expect(text.contains(setting.key))
            #expect(text.contains("default: \(setting.defaultDescription)]"))
        }
    }

    @Test("the rules of config/prometheus-rules.yml ask for metrics and labels that there are")
    func prometheusRules() async throws {
        let metrics = TrackerMetrics(version: "0")
        let store = InMemoryProcessRepository(now: ManualClock().read)
        try await store.keep(.queued("a"))
        metrics.count(in: store)
        _ = metrics.httpRequests.with("/", "GET", "200")
        _ = metrics.httpRequestDuration.with("/")
        _ = metrics.storeOperationDuration.with("find")
        _ = metrics.storeErrors.with("find", "unavailable")
        _ = metrics.lateReports.with("stale_attempt")
        let exposition = String(decoding: await metrics.registry.render(), as: UTF8.self)
        let rules = try Self.read("config/prometheus-rules.yml")
        let names = rules.matches(of: #/tracker_[a-z_]+/#).map { String($0.output) }
        #expect(Set(names).count >= 8)
        for name in names {
            #expect(exposition.contains("\n\(name){") || exposition.contains("\n\(name) "), "no metric \(name)")
        }
        for (name, label) in rules.matches(of: #/(tracker_[a-z_]+)\{([a-z_]+)[=!]/#).map({ ($0.output.1, $0.output.2) })
        {
            let samples = exposition.split(separator: "\n").filter { $0.hasPrefix("\(name){") }
            #expect(samples.contains { $0.contains("\(label)=\"") }, "\(name) has no label \(label)")
        }
    }
}
