import ProcessCore
import ProcessSQLite
import ProcessStorage
import Testing

@testable import ProcessService

@Suite("ConfigurationError")
struct ConfigurationErrorTests {
    static let refused: [(key: String, text: String)] =
        [
            "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "256.0.0.1:80", "::1:80", "[::1]",
            "[::1:80",
            "[127.0.0.1]:80", "*:80", ":80", "example.org:80", "127.0.0.1:8o", "127.0.0.1: 80", "http://127.0.0.1:80",
        ].map { ("TRACKER_LISTEN", $0) }
        + ["a b.example", "a.example:80", "a.example,", "*.example", "-a.example", "[::1]"].map {
            ("TRACKER_HOSTS", $0)
        }
        + [
            "127.0.0.1:80", "https://h", "ftp://h", "http://", "http://h:0", "http://h:x", "http://h/path",
            "http://u:p@h",
        ]
        .map { ("TRACKER_URL", $0) }
        + ["postgres", "sqllite", "redis "].map { ("TRACKER_REPOSITORY", $0) }
        + ["data/", ":memory:"].map { ("TRACKER_SQLITE_PATH", $0) }
        + ["off", "redis"].map { ("TRACKER_FALLBACK", $0) }
        + ["1x", "-1", "-1s", "1 h", "H", "1e3", "36501d", "forever"].flatMap {
            [
                ("TRACKER_RETENTION", $0), ("TRACKER_CLEANUP_INTERVAL", $0), ("TRACKER_TOMBSTONE_TTL", $0),
                ("TRACKER_LEASE_GRACE", $0),
            ]
        }
        + ["TRACKER_TOMBSTONE_TTL", "TRACKER_IDEMPOTENCY_TTL", "TRACKER_STREAM_TTL"].map { ($0, "0") }
        + ["0", "-1", "1.5", "ten", "99999999999999999999", "1_000", "+1"].flatMap {
            [
                ("TRACKER_STREAM_MAX_CHUNKS", $0), ("TRACKER_MAX_PROCESSES", $0), ("TRACKER_THREADS", $0),
                ("REDIS_MAX_CONNECTIONS", $0), ("REDIS_STATE_TTL", $0),
            ]
        }
        + ["0", "1Mb", "1K", "1 MiB", "MiB", "-1", "1.5MiB", "2GiB", "9999999999GiB"].flatMap {
            [("TRACKER_MAX_BODY", $0), ("TRACKER_STREAM_MAX_CHUNK", $0)]
        }
        + [("TRACKER_THREADS", "1025"), ("TRACKER_LOG_LEVEL", "notice"), ("TRACKER_LOG_FORMAT", "xml")]
        + ["a b", "host:6379", "relative/path", "redis://h", "[::1"].map { ("REDIS_HOST", $0) }
        + ["0", "65536", "x", "-1"].map { ("REDIS_PORT", $0) } + ["-1", "x", "2147483648"].map { ("REDIS_DB", $0) }
        + ["0", "-1", "soon", "2h"].map { ("REDIS_SOCKET_TIMEOUT", $0) }
        + ["a b", "ä", "a\nb", String(repeating: "x", count: 129)].map { ("REDIS_KEY_PREFIX", $0) }
        + [("ENABLE_REDIS_PERSISTENCE", "maybe"), ("USE_REDIS_STATE", "2"), ("REDIS_STATE_TTL", "1h")]

    @Test("a value that is not allowed is refused by one line that names the key, what was found and what is allowed")
    func refusedValues() throws {
        for (key, text) in Self.refused {
            let setting = ServiceSettings.setting(key)
            let line = try #require(configurationError([key: text]), "\(key)=\(text) was accepted")
            #expect(line.hasPrefix("\(key): "))
            if let shown = setting.shownInErrors(text) {
                #expect(line.contains("found \"\(DisplayText.escaping(shown))\""))
            }
            #expect(line.contains("allowed: ") || line.contains("set TRACKER_REPOSITORY"))
            #expect(!line.contains("\n"))
        }
        #expect(Set(Self.refused.map(\.key)).count == ServiceSettings.all.count - 3)
    }

    @Test("an error names the flag where the value came as one, and file and line where it came from there")
    func places() {
        #expect(
            configurationError(arguments: ["--threads", "0"])
                == "--threads: found \"0\"; allowed: a whole number from 1 to 1024")
        #expect(
            configurationError(file: "# x\n\nTRACKER_THREADS=0\n")
                == "pt.conf:3: TRACKER_THREADS: found \"0\"; allowed: a whole number from 1 to 1024")
        #expect(
            configurationError(["TRACKER_THREADS": "0"])
                == "TRACKER_THREADS: found \"0\"; allowed: a whole number from 1 to 1024")
    }

    @Test(
        "an unknown key is refused with the nearest known one",
        arguments: [
            ("TRACKER_LISTN", "TRACKER_LISTEN"), ("TRACKER_RETENSION", "TRACKER_RETENTION"),
            ("TRACKER_REPOSITROY", "TRACKER_REPOSITORY"), ("TRACKER_LOGLEVEL", "TRACKER_LOG_LEVEL"),
            ("TRACKER_MAX_CHUNK", "TRACKER_MAX_BODY"), ("TRACKER_SQLITE", "TRACKER_SQLITE_PATH"),
        ])
    func unknownKeys(key: String, nearest: String) {
        #expect(configurationError([key: "x"]) == "\(key): unknown key; the nearest known one is \(nearest)")
        #expect(configurationError([key: ""]) == "\(key): unknown key; the nearest known one is \(nearest)")
        #expect(
            configurationError(file: "\(key)=x")
                == "pt.conf:1: \(key): unknown key; the nearest known one is \(nearest)")
    }

    @Test(
        "where nothing known is near, no other key is named", arguments: ["FOO", "PASSWORD", "TRACKER_NOTHING_OF_OURS"])
    func farKeys(key: String) {
        #expect(
            configurationError(file: "\(key)=x")
                == "pt.conf:1: \(key): unknown key; `process-tracker config` shows those that there are")
    }

    @Test("a mark of the byte order that an editor put before a file is passed over")
    func byteOrderMark() throws {
        #expect(try configuration(file: "\u{FEFF}TRACKER_THREADS=3").threads == 3)
        #expect(try configuration(file: "\u{FEFF}# comment\nTRACKER_THREADS=3").threads == 3)
    }

    @Test("in a file every unknown key is a mistake, whatever it begins with")
    func unknownKeysOfAFile() {
        #expect(
            configurationError(file: "REDIS_PASSWRD=hunter2")
                == "pt.conf:1: REDIS_PASSWRD: unknown key; the nearest known one is REDIS_PASSWORD")
    }

    @Test("a file may have comments, blank lines, blanks, quotes and either line ending")
    func fileFormat() throws {
        let text = """
            # comment = no value
              # indented

              TRACKER_THREADS =  3\t
            TRACKER_SQLITE_PATH="/var/lib/a file#1.db"
            TRACKER_HOSTS='a.example'
            REDIS_KEY_PREFIX=a=b#c
            """
        for text in [text, text.replacing("\n", with: "\r\n")] {
            let configuration = try configuration(file: text)
            #expect(configuration.threads == 3)
            #expect(configuration.repository == .sqlite(.init(path: "/var/lib/a file#1.db")))
            #expect(configuration.hosts == ["a.example"])
            #expect(configuration.entry("REDIS_KEY_PREFIX")?.value == "a=b#c")
            #expect(configuration.entry("REDIS_KEY_PREFIX")?.source == "pt.conf:7")
        }
    }

    @Test(
        "a line that is something else is refused by its number, and not shown",
        arguments: [
            "REDIS_PASSWORD hunter2", "REDIS_PASSWORD: hunter=2", "export REDIS_PASSWORD=hunter2", "=hunter2",
            "hunter2",
        ])
    func brokenLines(line: String) {
        #expect(configurationError(file: "\n\(line)\n") == "pt.conf:2: neither KEY=value nor a # comment")
    }

    @Test("a key that stands in a file twice, or a flag given twice, is refused")
    func twice() {
        #expect(
            configurationError(file: "TRACKER_THREADS=1\nTRACKER_THREADS=2")
                == "pt.conf:2: TRACKER_THREADS: stands in line 1 already")
        #expect(configurationError(arguments: ["--threads=1", "--threads=2"]) == "--threads: is given twice")
        #expect(configurationError(arguments: ["--config=a", "--config=b"]) == "--config: is given twice")
    }

    @Test("flags are taken out of the arguments, up to --, and all else is left to the command")
    func flags() throws {
        var arguments = [
            "run", "--threads", "3", "--kind", "backup", "--config", "a.conf", "--listen=127.0.0.1:1", "-x",
        ]
        arguments += ["--", "tar", "--threads", "9"]
        let flags = try ConfigurationFlags(takingFrom: &arguments)
        #expect(arguments == ["run", "--kind", "backup", "-x", "--", "tar", "--threads", "9"])
        #expect(flags.file == "a.conf")
        #expect(flags.values == ["TRACKER_THREADS": "3", "TRACKER_LISTEN": "127.0.0.1:1"])
    }

    @Test(
        "a flag without its value is refused",
        arguments: [["--threads"], ["--threads", "--listen", "x"], ["--config"], ["--config="]])
    func missingValues(arguments: [String]) {
        #expect(configurationError(arguments: arguments)?.contains(": needs a value: ") == true)
    }

    @Test("a file that can't be read is refused by its name")
    func unreadableFile() {
        for (path, reason) in [
            ("/nonexistent/pt.conf", "No such file"), ("/", "Is a directory"), ("/dev/zero", "larger"),
        ] {
            do throws(ConfigurationError) {
                _ = try ConfigurationFile.read(path)
                Issue.record("\(path) was read")
            } catch {
                #expect(error.description.hasPrefix("--config: can't read \"\(path)\": \(reason)"))
            }
        }
    }

    @Test("words are as far apart as the letters that differ, and swapped neighbours count once")
    func editDistance() {
        let table = [
            ("", "", 0), ("a", "", 1), ("abc", "abd", 1), ("abc", "acb", 1), ("ca", "abc", 3), ("kitten", "sitting", 3),
        ]
        for (left, right, distance) in table {
            #expect(EditDistance.between(left, right) == distance)
            #expect(EditDistance.between(right, left) == distance)
        }
        #expect(ConfigurationHelp.nearestFlag(to: "--listne") == "--listen")
        #expect(ConfigurationHelp.nearestFlag(to: "--something-else") == nil)
    }
}
