import HTTPTransport
import ProcessTestSupport
import Testing

extension BrowserTests {
    @Suite("The dashboard can be used by everybody") struct AccessibilityTests {
        /// Gives the texts whose contrast with what is behind them is below WCAG 2.2's AA: 4.5, and 3 for large ones.
        private static let lowContrast = """
            const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
            const rgba = (color) => {
              canvas.clearRect(0, 0, 1, 1);
              canvas.fillStyle = color;
              canvas.fillRect(0, 0, 1, 1);
              const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
              return [r, g, b, a / 255];
            };
            const over = ([r, g, b, a], under) => [r, g, b].map((each, index) => each * a + under[index] * (1 - a));
            const behind = (element) => {
              const layers = [];
              for (let each = element; each; each = each.parentElement) {
                layers.push(rgba(getComputedStyle(each).backgroundColor));
                if (layers.at(-1)[3] === 1) break;
              }
              return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
            };
            const luminance = (color) => color.map((each) => each / 255)
              .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
              .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
            const contrast = (one, other) => {
              const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
              return (light + 0.05) / (dark + 0.05);
            };
            const poor = [];
            let count = 0;
            for (const element of document.querySelectorAll("body *")) {
              const hasText = [...element.childNodes].some((each) => each.nodeType === 3 && each.data.trim() !== "");
              const isField = element.matches("input, select, textarea");
              if (!(hasText || isField) || !element.checkVisibility({ opacityProperty: true }) || element.closest(".unseen, .toast")) continue;
              const style = getComputedStyle(element);
              const ground = behind(element);
              const size = parseFloat(style.fontSize);
              const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
              const found = contrast(over(rgba(style.color), ground), ground);
              count += 1;
              if (found < needed) poor.push(`${element.tagName}.${element.className} "${element.innerText}": ${found.toFixed(2)}`);
              // The border is what shows where a field is.
              const border = contrast(over(rgba(style.borderTopColor), ground), behind(element.parentElement));
              if (isField && element.type !== "checkbox" && border < 3) poor.push(`border of ${element.id}: ${border.toFixed(2)}`);
            }
            return { count, poor };
            """

        /// Gives what can be used and has no name, and what else a screen reader would stumble over.
        private static let structure = """
            const wrong = [];
            const visible = (selector) => [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility());
            if (document.documentElement.lang !== "en") wrong.push("no language");
            if (visible("h1").length !== 1) wrong.push("not one h1");
            for (const landmark of ["header", "main", "footer"]) if (visible(landmark).length !== 1) wrong.push(`not one ${landmark}`);
            let level = 0;
            for (const heading of visible("h1, h2, h3, h4").filter((each) => !each.closest("dialog"))) {
              const next = Number(heading.tagName[1]);
              if (next > level + 1) wrong.push(`${heading.innerText} skips a level`);
              level = next;
            }
            const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
            if (new Set(ids).size !== ids.length) wrong.push("an id stands twice");
            for (const element of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
              for (const name of ["aria-labelledby", "aria-describedby"]) {
                const id = element.getAttribute(name);
                if (id && !document.getElementById(id) && element.checkVisibility()) wrong.push(`nothing is called ${id}`);
              }
            }
            for (const image of visible("img")) if (!image.hasAttribute("alt")) wrong.push("an image without alt");
            for (const cell of visible("th")) if (!cell.scope) wrong.push("a head cell without scope");
            for (const element of visible("[tabindex]")) if (element.tabIndex > 0) wrong.push("an order of its own");
            return wrong;
            """

        private static func expectGood(_ browser: Browser, _ place: String) async throws {
            let contrast = try await browser.run(Self.lowContrast)
            #expect(contrast["poor"].elements.isEmpty, "\(place)")
            #expect((contrast["count"].int ?? 0) > 10, "\(place)")
            #expect(try await browser.run(Self.structure).elements.isEmpty, "\(place)")
            let nodes = try await browser.accessibilityTree()
            #expect(nodes.count > 10, "\(place)")
            for node in nodes where Self.namedRoles.contains(node.role) {
                #expect(!node.name.isEmpty, "\(place): a \(node.role) without a name")
            }
        }

        /// What a screen reader can't announce without a name.
        private static let namedRoles: Set = [
            "button", "link", "textbox", "searchbox", "combobox", "checkbox", "progressbar", "image", "log", "region",
            "dialog",
            "form", "search", "navigation", "complementary", "heading", "columnheader", "rowheader", "table", "meter",
        ]

        @Test("texts have contrast, controls have names, headings an order", arguments: ["light", "dark"])
        func everything(theme: String) async throws {
            try await withDashboard(theme: theme) { program, browser in
                try await Self.expectGood(browser, "empty list")
                for id in ["a", "b", "c", "d"] { try await program.start(id, #","metadata":{"tenant":"acme"}"#) }
                try await program.start("e", #","queue":"mail","input":{"n":1}"#)
                try await program.report("progress", "a", #"{"fraction":0.5,"message":"half"}"#)
                try await program.report("complete", "b", #"{"result":{"pages":1}}"#)
                try await program.report("fail", "c", #"{"error":{"code":"x","message":"y","details":{"z":1}}}"#)
                try await program.report("cancel", "d?force=true")
                try await browser.wait("document.querySelectorAll('#rows tr').length === 5")
                try await browser.wait(for: "cancelled", in: row("d"))
                let scheme = try await browser.run("return getComputedStyle(document.body).backgroundColor").string
                #expect(scheme == (theme == "light" ? "rgb(243, 245, 248)" : "rgb(14, 19, 25)"))
                try await Self.expectGood(browser, "list")
                try await browser.click("#open-cleanup")
                try await Self.expectGood(browser, "cleanup")
                try await browser.press(.escape)
                try await browser.press(.question)
                try await browser.wait(for: "next, previous process", in: "#help")
                try await Self.expectGood(browser, "help")
                try await browser.press(.escape)
                for id in ["a", "c", "e"] {
                    try await browser.open("\(program.url)/#/process/\(id)")
                    try await browser.wait("document.querySelector('.process-body')?.checkVisibility()")
                    try await Self.expectGood(browser, "process \(id)")
                }
                try await browser.click("#process-view .danger")
                try await Self.expectGood(browser, "cancel")
            }
        }

        @Test("the theme is the system's until another is chosen, which holds from then on")
        func theme() async throws {
            try await withDashboard(theme: "dark") { program, browser in
                let ground = "getComputedStyle(document.body).backgroundColor === args[0]"
                let (light, dark) = ("rgb(243, 245, 248)", "rgb(14, 19, 25)")
                try await browser.wait(ground, dark)
                try await browser.click("#theme")
                try await browser.wait(ground, light)
                try await browser.open("\(program.url)/?reload")
                try await browser.wait(ground, light)
                let names = try await browser.accessibilityTree().map(\.name)
                #expect(names.contains("Theme: light"))
                try await browser.click("#theme")
                try await browser.wait(ground, dark)
                try await browser.click("#theme")
                try await browser.prefer(theme: "light")
                try await browser.wait(ground, light)
            }
        }

        @Test("all of it works by keyboard alone")
        func keyboard() async throws {
            try await withDashboard { program, browser in
                for id in ["one", "two", "three"] { try await program.start(id) }
                try await browser.wait("document.querySelectorAll('#rows tr').length === 3")
                let focused = "document.activeElement.textContent === args[0]"
                let ids = try await browser.run(
                    "return [...document.querySelectorAll('#rows a.id')].map((each) => each.textContent)"
                ).elements.compactMap(\.string)
                try await browser.press(.j)
                try await browser.wait(focused, ids[0])
                try await browser.press(.down, .j, .k)
                try await browser.wait(focused, ids[1])
                #expect(
                    try await browser.run("return getComputedStyle(document.activeElement).outlineStyle").string
                        == "solid")
                try await browser.press(.enter)
                try await browser.wait("location.hash === '#/process/' + args[0]", ids[1])
                try await browser.wait("document.querySelector('.process-body')?.checkVisibility()")
                try await browser.press(.c)
                try await browser.wait("document.querySelector('dialog[open]')")
                try await browser.press(.escape)
                try await browser.waitForNo("dialog")
                try await browser.press(.escape)
                try await browser.wait(focused, ids[1])
                try await browser.press(.slash)
                try await browser.wait("document.activeElement.id === 'filter-text'")
                // In a field a letter is a letter.
                try await browser.press(.c, .j, .question)
                #expect(try await browser.run("return document.activeElement.value").string == "cj?")
                try await browser.press(.escape)
                try await browser.wait("document.activeElement === document.body")
                // The first stop of the tab key skips all that stands before the processes.
                try await browser.open("\(program.url)/?fresh")
                try await browser.press(.tab)
                try await browser.wait(focused, "Skip to the processes")
                try await browser.press(.enter)
                try await browser.wait("document.activeElement.id === 'main'")
            }
        }

        @Test("nothing is wider than a narrow screen", arguments: [320, 390, 768])
        func narrow(width: Int) async throws {
            try await withDashboard(width: width, height: 800) { program, browser in
                let id = String(repeating: "long-identifier-", count: 8)
                let long = String(repeating: "w", count: 300)
                try await program.start(id, ",\"input\":\"\(long)\",\"metadata\":{\"note\":\"\(long)\"}")
                try await program.report("progress", id, "{\"fraction\":0.3,\"message\":\"\(long)\"}")
                try await browser.wait(for: "running", in: row(id))
                let fits = "document.documentElement.scrollWidth <= innerWidth"
                try await browser.wait(fits)
                try await browser.run("document.querySelector(arguments[0]).click()", "\(row(id)) a.id")
                try await browser.wait("document.querySelector('.process-body')?.checkVisibility()")
                try await browser.wait(fits)
                try await browser.click("#open-cleanup")
                try await browser.wait(fits)
            }
        }

        @Test("nothing moves for who does not want movement")
        func reducedMotion() async throws {
            try await withDashboard { program, browser in
                try await program.start("a")
                try await browser.wait(for: "running", in: row("a"))
                #expect((try await browser.run("return document.getAnimations().length").int ?? 0) > 0)
                try await browser.prefer(theme: "light", reducedMotion: true)
                try await browser.wait("document.getAnimations().length === 0")
            }
        }
    }
}
