import Glibc
import HTTPTransport
import ProcessTestSupport
import Testing

extension BrowserTests {
    /// The pictures in `docs/images`: `make screenshots` takes them anew.
    @Suite(.enabled(if: getenv("TRACKER_SCREENSHOTS") != nil, "make screenshots sets TRACKER_SCREENSHOTS"))
    struct ScreenshotTests {
        @Test("takes the pictures of the documentation")
        func pictures() async throws {
            try await TemporaryDirectory.with { folder in
                try await ScreenshotScene.write(to: "\(folder)/processes.db")
                let program = try await TrackerProgram(sqlite: "\(folder)/processes.db")
                for theme in ["light", "dark"] {
                    for (name, width, height) in [("", 1280, 860), ("-narrow", 390, 844)] {
                        try await Browser.with(width: width, height: height, theme: theme) { browser in
                            try await browser.prefer(theme: theme, reducedMotion: true)
                            try await browser.open(program.url)
                            try await browser.wait("document.documentElement.dataset.connection === 'live'")
                            try await browser.wait("document.querySelectorAll('#rows tr').length === 100")
                            try await browser.wait("document.querySelectorAll('#rates rect').length > 20")
                            try Self.save(try await browser.screenshot(), as: "dashboard-list\(name)-\(theme).png")
                            try await browser.open("\(program.url)/#/process/\(ScreenshotScene.shownID)")
                            try await browser.wait(for: "writing orders", in: ".output")
                            try Self.save(try await browser.screenshot(), as: "dashboard-process\(name)-\(theme).png")
                        }
                    }
                }
            }
        }

        private static func save(_ base64: String, as name: String) throws {
            let root = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
            try TestFiles.write(try #require(Self.decode(base64)), to: "\(root)/docs/images/\(name)")
        }

        private static func decode(_ base64: String) -> [UInt8]? {
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
            let values = Dictionary(uniqueKeysWithValues: alphabet.enumerated().map { ($1, UInt32($0)) })
            var bytes: [UInt8] = []
            var bits: UInt32 = 0
            var count = 0
            for byte in base64.utf8 where byte != UInt8(ascii: "=") {
                guard let value = values[byte] else { return nil }
                bits = bits << 6 | value
                count += 6
                if count >= 8 {
                    count -= 8
                    bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
                }
            }
            return bytes
        }
    }
}
