import Glibc
import HTTPTransport
import ProcessCore
import ProcessHTTP
import ProcessTestSupport
import Testing

/// A Chromium without a window and the chromedriver that steers it, both of one test's own, over WebDriver
/// (https://www.w3.org/TR/webdriver2/).
final class Browser: Sendable {
    /// What the driver refused, or what did not come true in time.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let driver: ChildProgram
    private let connection: TrackerConnection
    private let session: String

    /// Starts a browser, and closes it when the body has ended, however it ends.
    ///
    /// - Parameters:
    ///   - width: The window's width.
    ///   - height: The window's height.
    ///   - theme: What the system prefers: `light` or `dark`.
    ///   - body: Gets the browser.
    /// - Throws: What the body throws, or why there is no browser.
    static func with(
        width: Int = 1280, height: Int = 900, theme: String = "light", _ body: (Browser) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { folder in
            let browser = try await Browser(profile: folder)
            let outcome: Result<Void, any Error>
            do {
                try await browser.resize(width: width, height: height)
                try await browser.prefer(theme: theme)
                outcome = .success(try await body(browser))
            } catch {
                outcome = .failure(error)
            }
            await browser.close()
            try outcome.get()
        }
    }

    private init(profile: String) async throws {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        // What it needs besides the session's folder, such as its crash reports' place, is in there, too.
        let environment = ["PATH": path, "HOME": profile, "TMPDIR": profile, "LANG": "C.UTF-8", "TZ": "UTC"]
        let driver = try ChildProgram(["chromedriver", "--port=0"], environment)
        guard let line = await driver.output.line(with: "started successfully on port"),
            let port = Int(line.split(separator: " ").last?.filter(\.isNumber) ?? ""),
            let address = HostPort("127.0.0.1:\(port)")
        else { throw Failure(description: "chromedriver did not start: \(await driver.ending())") }
        self.driver = driver
        let connection = TrackerConnection(to: address)
        self.connection = connection
        let arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            "--force-device-scale-factor=1", "--disable-background-networking", "--no-first-run", "--lang=en-US",
            "--user-data-dir=\(profile)/profile",
        ]
        let answer = try await Self.send(
            connection, .post, "/session",
            """
            {"capabilities":{"alwaysMatch":{"browserName":"chrome","timeouts":{"script":60000,"pageLoad":60000},
            "goog:loggingPrefs":{"browser":"ALL"},
            "goog:chromeOptions":{"args":[\(arguments.map(\.quoted).joined(separator: ","))]}}}}
            """)
        guard let session = answer["sessionId"].string else { throw Failure(description: "no session: \(answer)") }
        self.session = session
    }

    /// Closes the browser, then its driver: the other way around would leave the browser behind.
    private func close() async {
        _ = try? await Self.send(self.connection, .delete, "/session/\(self.session)", nil)
        self.driver.signal(SIGKILL)
        _ = await self.driver.ending()
    }

    private static func send(
        _ connection: TrackerConnection, _ method: HTTPMethod, _ path: String, _ body: String?
    ) async throws -> JSONNode {
        let answer = try await connection.send(method, path, body)
        let value = answer.json["value"]
        guard answer.status == 200 else {
            throw Failure(description: "\(value["error"].string ?? ""): \(value["message"].string?.prefix(600) ?? "")")
        }
        return value
    }

    private func post(_ path: String, _ body: String) async throws -> JSONNode {
        try await Self.send(self.connection, .post, "/session/\(self.session)\(path)", body)
    }

    // MARK: Pages and scripts

    /// Opens an address, and waits until it has loaded.
    func open(_ url: String) async throws {
        _ = try await self.post("/url", "{\"url\":\(url.quoted)}")
    }

    /// Runs the body of a function in the page. It runs beside the page's own policy, which holds for the page only.
    ///
    /// - Parameters:
    ///   - script: The body; what it returns is the answer.
    ///   - arguments: Texts, `arguments[0]` and so on.
    /// - Returns: What it returned, as JSON.
    /// - Throws: ``Failure``, where it threw something.
    @discardableResult
    func run(_ script: String, _ arguments: String...) async throws -> JSONNode {
        let texts = arguments.map(\.quoted).joined(separator: ",")
        return try await self.post("/execute/sync", "{\"script\":\(script.quoted),\"args\":[\(texts)]}")
    }

    /// Runs the body of an asynchronous function in the page, and waits for what it returns.
    func runAsynchronously(_ body: String) async throws -> JSONNode {
        let script =
            "const done = arguments[0]; (async () => { \(body) })().then(done, (error) => done(String(error)));"
        return try await self.post("/execute/async", "{\"script\":\(script.quoted),\"args\":[]}")
    }

    /// Waits until an expression is true, looking whenever the page has changed, and a few times a second for what changes
    /// without a trace in the page, such as the focus.
    ///
    /// - Parameters:
    ///   - expression: JavaScript.
    ///   - arguments: Texts, `args[0]` and so on.
    ///   - sourceLocation: Where the test asks.
    /// - Throws: ``Failure`` with what the page shows, where it does not come true within half a minute.
    func wait(
        _ expression: String, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let script = """
            const done = arguments[arguments.length - 1], args = [...arguments].slice(0, -1);
            const isTrue = () => { try { return Boolean(\(expression)); } catch { return false; } };
            let timers = [];
            const look = () => { if (isTrue()) end(true); };
            const end = (value) => { observer.disconnect(); timers.forEach(clearInterval); done(value); };
            const observer = new MutationObserver(look);
            observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
            timers = [setInterval(look, 100), setTimeout(() => end(false), 30000)];
            look();
            """
        let texts = arguments.map(\.quoted).joined(separator: ",")
        let came = try await self.post("/execute/async", "{\"script\":\(script.quoted),\"args\":[\(texts)]}")
        guard came.text != "true" else { return }
        let shown = try await self.run("return document.body.innerText")
        Issue.record("in vain: \(expression) \(arguments)\n\(shown.string ?? "")", sourceLocation: sourceLocation)
        throw Failure(description: "in vain: \(expression)")
    }

    /// Waits until an element shows a text.
    func wait(for text: String, in selector: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await self.wait(
            "document.querySelector(args[0])?.checkVisibility() && document.querySelector(args[0]).innerText.includes(args[1])",
            selector, text, sourceLocation: sourceLocation)
    }

    /// Waits until nothing that is visible matches a selector.
    func waitForNo(_ selector: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await self.wait(
            "[...document.querySelectorAll(args[0])].every((each) => !each.checkVisibility())", selector,
            sourceLocation: sourceLocation)
    }

    /// The text of the first element that matches, as it is shown.
    func text(of selector: String) async throws -> String {
        try await self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector).string ?? ""
    }

    // MARK: Hands

    private func element(_ selector: String) async throws -> String {
        let found = try await self.post("/element", "{\"using\":\"css selector\",\"value\":\(selector.quoted)}")
        guard let id = found.members.values.first?.string else { throw Failure(description: "no \(selector)") }
        return id
    }

    /// Clicks on an element that can be seen, once nothing covers it.
    func click(_ selector: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await self.wait(
            "document.querySelector(args[0])?.checkVisibility() && !document.querySelector(args[0]).disabled", selector,
            sourceLocation: sourceLocation)
        _ = try await self.post("/element/\(self.element(selector))/click", "{}")
    }

    /// Moves the pointer over an element.
    func point(at selector: String) async throws {
        let element = try await self.element(selector)
        let origin = "{\"element-6066-11e4-a52e-4f735466cecf\":\(element.quoted)}"
        let move = "{\"type\":\"pointerMove\",\"duration\":0,\"x\":0,\"y\":0,\"origin\":\(origin)}"
        _ = try await self.post(
            "/actions", "{\"actions\":[{\"type\":\"pointer\",\"id\":\"mouse\",\"actions\":[\(move)]}]}")
    }

    /// Types into an element, in the place of what it holds.
    func type(_ text: String, into selector: String) async throws {
        let element = try await self.element(selector)
        _ = try await self.post("/element/\(element)/clear", "{}")
        _ = try await self.post("/element/\(element)/value", "{\"text\":\(text.quoted)}")
    }

    /// Chooses an option of a menu, as a user's choice would.
    func choose(_ value: String, in selector: String) async throws {
        try await self.run(
            """
            const select = document.querySelector(arguments[0]);
            select.value = arguments[1];
            select.dispatchEvent(new Event("change", { bubbles: true }));
            """, selector, value)
    }

    /// Presses keys, one after the other, wherever the focus is.
    func press(_ keys: Key...) async throws {
        let actions = keys.flatMap { key in
            ["keyDown", "keyUp"].map { "{\"type\":\"\($0)\",\"value\":\(key.rawValue.quoted)}" }
        }
        _ = try await self.post(
            "/actions",
            "{\"actions\":[{\"type\":\"key\",\"id\":\"keys\",\"actions\":[\(actions.joined(separator: ","))]}]}")
    }

    /// Keys by the characters that WebDriver has for them.
    enum Key: String {
        case escape = "\u{E00C}"
        case enter = "\u{E007}"
        case tab = "\u{E004}"
        case down = "\u{E015}"
        case j = "j"
        case k = "k"
        case c = "c"
        case slash = "/"
        case question = "?"
    }

    // MARK: What a screen reader sees

    /// What a screen reader is told of an element.
    struct AccessibleNode {
        let role: String
        let name: String
    }

    /// The page as a screen reader is told of it, without what it passes over.
    func accessibilityTree() async throws -> [AccessibleNode] {
        try await self.command("Accessibility.getFullAXTree", "{}")["nodes"].elements.compactMap { node in
            let members = node.members
            guard members["ignored"]?.text != "true" else { return nil }
            return AccessibleNode(
                role: members["role"]?["value"].string ?? "", name: members["name"]?["value"].string ?? "")
        }
    }

    // MARK: The window

    /// Sets the size of what the page is shown in, which may be narrower than any window.
    func resize(width: Int, height: Int) async throws {
        try await self.command(
            "Emulation.setDeviceMetricsOverride",
            "{\"width\":\(width),\"height\":\(height),\"deviceScaleFactor\":1,\"mobile\":false}")
    }

    /// Sets what the system prefers.
    func prefer(theme: String, reducedMotion: Bool = false) async throws {
        try await self.command(
            "Emulation.setEmulatedMedia",
            """
            {"features":[{"name":"prefers-color-scheme","value":"\(theme)"},
            {"name":"prefers-reduced-motion","value":"\(reducedMotion ? "reduce" : "no-preference")"}]}
            """)
    }

    /// What the window shows, as the Base64 text of a PNG.
    func screenshot() async throws -> String {
        try await self.command("Page.captureScreenshot", "{}")["data"].string ?? ""
    }

    @discardableResult
    private func command(_ name: String, _ parameters: String) async throws -> JSONNode {
        try await self.post("/goog/cdp/execute", "{\"cmd\":\"\(name)\",\"params\":\(parameters)}")
    }

    /// What the browser said in its console since it was asked last: errors of scripts, and what the policy forbade.
    func complaints() async throws -> [String] {
        try await self.post("/se/log", "{\"type\":\"browser\"}").elements
            .map { "\($0["level"].string ?? "") \($0["message"].string ?? "")" }
    }
}

extension String {
    /// The text as a JSON string.
    var quoted: String {
        var writer = JSONWriter()
        writer.value(self)
        return String(decoding: writer.finish(), as: UTF8.self)
    }
}
