import Glibc
import PosthornText

/// A tab of the browser, alone in its context: what a person does on a page, and what they see.
final class Tab {
    /// An answer that the browser got from the API.
    struct Recorded {
        let url: String
        let body: String
    }

    private let browser: Chromium
    private let context: String
    private let session: String
    /// Where the application is, with a slash at the end.
    let base: String
    /// Errors that the page logged or threw: none are expected but refusals that a test provokes.
    private(set) var errors: [String] = []
    private var answers: [(request: String, url: String)] = []

    init(_ browser: Chromium, base: String) throws {
        self.browser = browser
        self.base = base
        context = try browser.call("Target.createBrowserContext")["browserContextId"]?.string ?? ""
        let target = try browser.call("Target.createTarget", Self.object(("url", "about:blank"), ("browserContextId", context)))
        var attach = Self.object(("targetId", target["targetId"]?.string ?? ""))
        attach.add("flatten", true)
        session = try browser.call("Target.attachToTarget", attach)["sessionId"]?.string ?? ""
        for domain in ["Page", "Runtime", "Log"] { try call("\(domain).enable") }
        var network = JSONLine()
        network.add("maxTotalBufferSize", 64 << 20)
        network.add("maxResourceBufferSize", 8 << 20)
        try call("Network.enable", network)
    }

    deinit { _ = try? browser.call("Target.disposeBrowserContext", Self.object(("browserContextId", context))) }

    private static func object(_ members: (String, String)...) -> JSONLine {
        var line = JSONLine()
        for (name, value) in members { line.add(name, value) }
        return line
    }

    @discardableResult
    private func call(_ method: String, _ parameters: JSONLine = JSONLine()) throws -> JSONValue {
        try browser.call(method, parameters, session: session)
    }

    // MARK: What a person does

    /// Loads a page of the application by its address.
    func open(_ path: String) throws {
        collect()
        try call("Page.navigate", Self.object(("url", base + path)))
        try browser.wait(for: "Page.loadEventFired", session: session)
        collect()
    }

    /// Signs in with a key on the page that is shown.
    func signIn(_ key: String) throws {
        try fill("API key", key)
        try press("Sign in")
        try wait("document.querySelector('#top nav')")
    }

    /// Presses the button whose words begin so, in the open dialog if there is one.
    func press(_ words: String) throws { try act("button, summary", words, "element.click()") }

    /// Follows the link whose words begin so.
    func follow(_ words: String) throws { try act("a", words, "element.click()") }

    /// Puts text into the field with a label.
    func fill(_ label: String, _ text: String) throws {
        let change = """
            { const field = document.getElementById(element.htmlFor); field.value = \(Self.literal(text));
            field.dispatchEvent(new Event('input', { bubbles: true })); field.dispatchEvent(new Event('change', { bubbles: true })); }
            """
        try act("label[for]", label, change)
    }

    private func act(_ selector: String, _ words: String, _ statement: String) throws {
        let find = """
            [...(document.querySelector('dialog[open]') ?? document).querySelectorAll('\(selector)')]
            .filter(each => each.checkVisibility()).find(each => each.textContent.trim().startsWith(\(Self.literal(words))))
            """
        try wait(find)
        try run("{ const element = \(find); \(statement) }")
    }

    /// Presses a key of the keyboard.
    func type(_ key: String) throws {
        for kind in ["keyDown", "keyUp"] {
            var event = Self.object(("type", kind), ("key", key))
            if kind == "keyDown", key.count == 1 { event.add("text", key) }
            if key == "Tab" { event.add("windowsVirtualKeyCode", 9) }
            try call("Input.dispatchKeyEvent", event)
        }
    }

    /// Takes all cookies away, as time does.
    func forgetCookies() throws { try call("Network.clearBrowserCookies") }

    /// Goes back as with the browser's button.
    func back() throws { try run("history.back()") }

    // MARK: What they see

    /// Waits until an expression of the page is true. It is asked whenever the page has changed.
    func wait(_ expression: String) throws {
        let watch = """
            new Promise(resolve => {
                let observer = null;
                const check = () => {
                    let isTrue = false;
                    try { isTrue = Boolean(\(expression)); } catch { isTrue = false; }
                    if (isTrue) { observer?.disconnect(); resolve(true); }
                    return isTrue;
                };
                if (check()) return;
                observer = new MutationObserver(check);
                observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
                setTimeout(() => resolve(false), \(Self.waitMilliseconds));
            })
            """
        guard try evaluate(watch, awaits: true) != .bool(true) else { return }
        throw Chromium.Failure(description: "never true: \(expression), in: \(try text())")
    }

    /// The longest wait for a page; only a test that fails ever waits so long.
    private static let waitMilliseconds = 120_000

    /// Waits until the page shows this text.
    func waitFor(_ words: String) throws { try wait("document.body.innerText.includes(\(Self.literal(words)))") }

    /// Waits until a page is shown whole.
    func waitForPage(_ path: String) throws {
        try wait("document.querySelector('#main').dataset.shown === \(Self.literal(path))")
        try wait("[...document.querySelectorAll('.card .dim')].every(each => each.textContent !== 'Asking ...')")
    }

    /// What the page says.
    func text() throws -> String { try evaluate("document.body.innerText").string ?? "" }

    /// Whether an expression of the page is true now.
    func holds(_ expression: String) throws -> Bool { try evaluate("Boolean(\(expression))") == .bool(true) }

    /// A number of the page.
    func number(_ expression: String) throws -> Int {
        if case .number(let text) = try evaluate(expression) { Int(text) ?? -1 } else { -1 }
    }

    func run(_ statement: String) throws { _ = try evaluate("\(statement)\n;0") }

    /// The value of an expression.
    func evaluate(_ expression: String, awaits: Bool = false) throws -> JSONValue {
        var parameters = Self.object(("expression", expression))
        parameters.add("returnByValue", true)
        parameters.add("awaitPromise", awaits)
        let answer = try call("Runtime.evaluate", parameters)
        if let thrown = answer["exceptionDetails"] { throw Chromium.Failure(description: "\(expression.prefix(300)): \(thrown.text)") }
        return answer["result"]?["value"] ?? .null
    }

    static func literal(_ text: String) -> String { JSONValue.string(text).text }

    // MARK: How it looks

    func look(width: Int, isDark: Bool, isPrinted: Bool = false) throws {
        var size = JSONLine()
        size.add("width", width)
        size.add("height", 900)
        size.add("deviceScaleFactor", 1)
        size.add("mobile", false)
        try call("Emulation.setDeviceMetricsOverride", size)
        var media = JSONLine()
        media.add("media", isPrinted ? "print" : "")
        media.add("features", [Self.object(("name", "prefers-color-scheme"), ("value", isDark ? "dark" : "light"))])
        try call("Emulation.setEmulatedMedia", media)
    }

    /// Keeps a picture of what is shown, below `.build/screenshots`.
    func picture(_ name: String) throws {
        let data = try call("Page.captureScreenshot", Self.object(("format", "png")))["data"]?.string ?? ""
        let folder = "\(Self.top)/.build/screenshots"
        mkdir("\(Self.top)/.build", 0o777)
        mkdir(folder, 0o777)
        guard let file = fopen("\(folder)/\(name).png", "wb") else { return }
        defer { fclose(file) }
        let bytes = Self.decoded(data)
        fwrite(bytes, 1, bytes.count, file)
    }

    /// The folder of Package.swift.
    static let top = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

    /// Base64 (RFC 4648), as the browser sends pictures.
    static func decoded(_ text: String) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var values = [UInt8](repeating: 0, count: 256)
        for (i, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(i) }
        var bytes: [UInt8] = []
        var (bits, count): (UInt32, UInt32) = (0, 0)
        for byte in text.utf8 where byte != UInt8(ascii: "=") {
            bits = bits << 6 | UInt32(values[Int(byte)])
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return bytes
    }

    // MARK: What went on behind

    /// Sorts what the browser has reported.
    func collect() {
        for event in browser.takeEvents(session: session) {
            let parameters = event.parameters
            switch event.method {
            case "Runtime.exceptionThrown": errors.append(parameters["exceptionDetails"]?.text ?? "")
            case "Log.entryAdded" where parameters["entry"]?["level"] == .string("error"):
                errors.append(parameters["entry"]?.text ?? "")
            case "Page.javascriptDialogOpening": errors.append("a dialog: \(parameters.text)")
            case "Network.responseReceived":
                let url = parameters["response"]?["url"]?.string ?? ""
                answers.append((parameters["requestId"]?.string ?? "", url))
            default: break
            }
        }
    }

    /// Sorts what the browser has reported until now. What it says by itself is read along with an answer alone, so it is asked for one.
    func collectAll() throws {
        try run("0")
        collect()
    }

    /// The addresses of all that was loaded so far.
    var addresses: [String] {
        collect()
        return answers.map(\.url)
    }

    /// All answers of the API so far, whose bodies the browser still has.
    func recorded() throws -> [Recorded] {
        collect()
        return answers.filter { $0.url.contains("/v1/") }.compactMap { answer in
            // A request that was given up when the reader went on has no body.
            let body = try? call("Network.getResponseBody", Self.object(("requestId", answer.request)))
            return body.map { Recorded(url: answer.url, body: $0["body"]?.string ?? "") }
        }
    }
}
