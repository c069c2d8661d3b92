import PosthornTestSupport
import PosthornText
import Testing

extension BrowserTests {
    /// The pages that the lab writes: of a load, and of a receiver's scorecard.
    @Suite struct LabPageTests {
        private static let widths = [1440, 320]

        /// Every look of a page: no rule of axe-core broken, nothing wider than the screen, and black on white when it is printed.
        private func check(_ path: String, _ name: String, holding words: [String]) throws {
            let rules = try #require(PageTests.rules, "axe-core cannot be had; Tests/install-axe.sh says why")
            let tab = try Tab(Chromium.shared.get(), base: "file://")
            try tab.look(width: 1440, isDark: false)
            try tab.open(path)
            for word in words { #expect(try tab.text().contains(word), "\(name) lacks \(word)") }
            for width in Self.widths {
                for isDark in [false, true] {
                    try tab.look(width: width, isDark: isDark)
                    let place = "\(name), \(width) px, \(isDark ? "dark" : "light")"
                    #expect(try PageTests.violations(tab, rules) == "", "\(place)")
                    #expect(try tab.number("document.documentElement.scrollWidth - innerWidth") <= 0, "\(place) is wider than the screen")
                    try tab.picture("\(name)-\(width)-\(isDark ? "dark" : "light")")
                }
            }
            try tab.look(width: 720, isDark: true, isPrinted: true)
            #expect(try tab.evaluate("getComputedStyle(document.body).backgroundColor") == .string("rgb(255, 255, 255)"))
            #expect(try tab.holds("[...document.querySelectorAll('.wide')].every(each => getComputedStyle(each).overflowX === 'visible')"))
            #expect(try tab.number("document.documentElement.scrollWidth - innerWidth") <= 0, "\(name), printed")
            #expect(try PageTests.violations(tab, rules) == "", "\(name), printed")
            try tab.picture("\(name)-printed")
            #expect(try tab.unexpectedErrors() == [])
        }

        @Test func thePageOfALoadCanBeUsedByAllReaders() throws {
            let receiver = try MisbehavingReceiver { request in request.target == "/hook" ? .ok : .status(503) }
            let folder = try TemporaryDirectory()
            let page = folder.file("page.html")
            let words = [
                Command.product("posthorn"), "load", receiver.url, "\(receiver.url)s", "--rate", "40..80:1s,80:1s", "--weights", "3,1",
                "--wrong-signature", "10%",
                "--vendor", "standard", "--credential", "secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "--seed", "5", "--report", page,
                "--expect", "p50<10s", "--expect", "errors<1", "--expect", "p99.99<10s",
            ]
            // Half of it is refused, which the page is to show.
            let result = try Command.run(words)
            #expect(result.status != 0, "\(result.output)")
            try check(page, "load", holding: ["Expectations", "Details", "503"])
        }

        @Test func theScorecardCanBeUsedByAllReaders() throws {
            let receiver = try MisbehavingReceiver { _ in .ok }
            let folder = try TemporaryDirectory()
            let page = folder.file("card.html")
            let result = try Command.run([Command.product("posthorn"), "check", receiver.url, "--vendor", "weseedo", "--report", page])
            #expect(result.output.contains("kept"), "\(result.output)")
            try check(page, "scorecard", holding: ["Scorecard of"])
        }
    }
}
