import PosthornAPI
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

extension BrowserTests {
    /// What a receiver gets, as `posthorn receive --ui` shows it live.
    @Suite struct InspectorPageTests {
        private func request(_ number: Int, _ more: [JSONValue.Member]) -> JSONValue {
            let usual: [JSONValue.Member] = [
                .init("number", .number(String(number))), .init("time", .string("2026-11-29T04:00:00.000Z")),
                .init("kind", .string("event")),
                .init("method", .string("POST")), .init("path", .string("/hook")), .init("address", .string("127.0.0.1")),
                .init("type", .string("MEETING_STARTED")), .init("id", .string("e\(number)")), .init("attempt", .number("1")),
                .init("bytes", .number("12")), .init("problem", .null), .init("signature", .string("valid")),
                .init("signature_problem", .null),
                .init("times", .number("1")), .init("duplicate", .bool(false)), .init("status", .number("200")),
                .init("delay_ms", .number("0")),
                .init("target", .string("/hook?a=b")), .init("headers", .array([])), .init("body", .string(#"{"id":"m1"}"#)),
                .init("body_left_out", .number("0")),
            ]
            let names = Set(more.map(\.key))
            return .object(usual.filter { !names.contains($0.key) } + more)
        }

        @Test func whatArrivesIsShownLiveWithWhyItWasNotVerified() throws {
            let server = try InspectorServer(listen: try ListenAddress("127.0.0.1:0"))
            defer { server.stop() }
            server.show("http://127.0.0.1:9999/")
            let tab = try Tab(Chromium.shared.get(), base: "http://127.0.0.1:\(server.port)/")
            try tab.look(width: 1440, isDark: false)
            try tab.open("")
            try tab.waitFor("Nothing has arrived yet")
            server.add(request(1, []))
            try tab.waitFor("1: MEETING_STARTED")
            let evil = "<img src=x onerror=\"window.hit = 1\">"
            server.add(
                request(
                    2,
                    [
                        .init("signature", .string("invalid")), .init("signature_problem", .string("it was made with another secret")),
                        .init("status", .number("401")), .init("type", .string(evil)), .init("body", .string(evil)),
                        .init("headers", .array([.object([.init("name", .string("x-evil")), .init("value", .string(evil))])])),
                    ]
                )
            )
            server.add(request(3, [.init("id", .string("e1")), .init("times", .number("2")), .init("duplicate", .bool(true))]))
            try tab.waitFor("duplicate, time 2")
            try tab.waitFor("3 requests, 1 duplicate, 1 wrong signature.")
            try tab.press("2: ")
            try tab.waitFor("Not verified: it was made with another secret")
            #expect(try tab.holds("document.activeElement.textContent === 'Request 2'"))
            #expect(try tab.text().contains("x-evil: \(evil)") && !tab.holds("window.hit"))
            try tab.picture("receiver")
            try tab.fill("Only those with", "another secret")
            try tab.wait("document.querySelectorAll('tbody tr').length === 1")
            try tab.look(width: 320, isDark: true)
            #expect(try tab.number("document.documentElement.scrollWidth - innerWidth") <= 0)
            try tab.press("Empty the list")
            try tab.waitFor("Nothing has arrived yet")
            #expect(try tab.unexpectedErrors() == [])
        }
    }
}
