import Posthorn
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

extension BrowserTests {
    /// A session for a customer: made in the operator's view, opened in another browser, which sees its tree alone.
    @Suite struct PortalTests {
        private func link(_ tab: Tab, _ node: String) throws -> String {
            try tab.press("Make a session")
            try tab.fill("Node", node)
            try tab.press("Make it")
            try tab.waitFor("It works once, for ten minutes")
            let url = try tab.evaluate("document.querySelector('dialog pre').textContent").string ?? ""
            #expect(url.hasPrefix(tab.base))
            try tab.press("Done")
            return String(url.dropFirst(tab.base.count))
        }

        @Test func aSessionIsMadeOpenedAndSeesItsTreeAlone() throws {
            let bench = try DashboardBench(runs: true)
            #expect(bench.receiver.waitForRequests(7).count >= 7)
            let operatorTab = try bench.tab("portal-sessions", key: try bench.key(nil, .admin))
            try operatorTab.waitFor("There are none. A session lets a customer")
            let path = try link(operatorTab, "c1")
            try operatorTab.waitFor("not yet")
            try operatorTab.picture("portal-session-made")

            let visitor = try bench.emptyTab()
            try visitor.open(path)
            try visitor.waitForPage("")
            try visitor.wait("document.querySelector('#top strong')?.textContent === 'c1'")
            // The code has gone from the address, and the cookie is out of reach of scripts.
            #expect(try visitor.holds("location.pathname === '/' && document.cookie === ''"))
            #expect(try visitor.holds("sessionStorage.getItem('posthorn-key') === null"))
            // By the links of the page, since the browser forgets what it got before an address was opened.
            for (words, page) in [
                ("Deliveries", "deliveries"), ("Endpoints", "endpoints"), ("Events", "events"), ("Hierarchy", "nodes"),
                ("Replays", "replays"),
            ] {
                try visitor.follow(words)
                try visitor.waitForPage(page)
            }
            #expect(try !visitor.holds("[...document.querySelectorAll('nav a')].some(each => each.textContent === 'Keys')"))
            let recorded = try visitor.recorded()
            #expect(recorded.count > 5)
            for answer in recorded {
                for word in ["stranger", "\"far\"", "\"c2\"", "\"d1\"", "\"r1\"", "Northern Resale", "Stranger Ltd"] {
                    #expect(!answer.body.contains(word), "\(answer.url) has \(word)")
                }
            }
            // A change, which the page's own token goes with.
            try visitor.open("endpoints/crm")
            try visitor.waitForPage("endpoints/crm")
            try visitor.fill("URL", bench.goodURL)
            try visitor.press("Save")
            try visitor.waitFor("Saved")
            try visitor.picture("portal-visit")

            // The link is of no more use, to anybody.
            let second = try bench.emptyTab()
            try second.open(path)
            try second.waitFor("This link opens nothing")
            try second.picture("portal-dead-link")

            try operatorTab.open("portal-sessions")
            try operatorTab.waitForPage("portal-sessions")
            try operatorTab.press("End ")
            try operatorTab.waitFor("sees nothing from then on")
            try operatorTab.press("End it")
            try operatorTab.waitFor("Ended.")
            try visitor.follow("Endpoints")
            try visitor.waitFor("Your visit is over")
            #expect(try visitor.unexpectedErrors(refusals: ["401"]) == [])
        }

        @Test func aVisitorSignsOut() throws {
            let bench = try DashboardBench()
            let operatorTab = try bench.tab("portal-sessions", key: try bench.key(nil, .admin))
            let visitor = try bench.emptyTab()
            try visitor.open(try link(operatorTab, "c1"))
            try visitor.waitForPage("")
            try visitor.press("Sign out")
            try visitor.waitFor("You are signed out")
            #expect(try !visitor.text().contains("not up to date"))
            #expect(try bench.outbox.portalSessions().allSatisfy { $0.revoked != nil })
            try visitor.open("")
            try visitor.waitFor("API key")
            #expect(try !visitor.text().contains("Your visit is over"))
        }

        /// The next reader at a browser must not find a session that was said to be over.
        @Test func aVisitorWhoCouldNotBeSignedOutIsToldSo() throws {
            let bench = try DashboardBench()
            let operatorTab = try bench.tab("portal-sessions", key: try bench.key(nil, .admin))
            let visitor = try bench.emptyTab()
            try visitor.open(try link(operatorTab, "c1"))
            try visitor.waitForPage("")
            let cut = """
                { const asked = window.fetch;
                window.fetch = (...all) => all[1].method === 'DELETE' ? Promise.reject(new TypeError('cut')) : asked(...all); }
                """
            try visitor.run(cut)
            try visitor.press("Sign out")
            try visitor.waitFor("You are still signed in")
            try visitor.waitFor("Try again")
            #expect(try bench.outbox.portalSessions().allSatisfy { $0.revoked == nil })
            try visitor.press("Close")
            try visitor.waitForPage("")
            #expect(try visitor.holds("document.querySelector('#top strong').textContent === 'c1'"))
            try visitor.open("")
            try visitor.waitForPage("")
            try visitor.press("Sign out")
            try visitor.waitFor("You are signed out")
            #expect(try bench.outbox.portalSessions().allSatisfy { $0.revoked != nil })
        }

        /// A page says whose tree it shows, and a browser has one session.
        @Test func aSecondLinkEndsTheVisitOfTheFirstTab() throws {
            let bench = try DashboardBench()
            let operatorTab = try bench.tab("portal-sessions", key: try bench.key(nil, .admin))
            let visitor = try bench.emptyTab()
            try visitor.open(try link(operatorTab, "c1"))
            try visitor.waitForPage("")
            try visitor.press("Pause refresh")
            // As another tab of the same browser does; the page stays as it is.
            let opened = try visitor.evaluate("fetch('/\(try link(operatorTab, "c2"))').then(each => each.ok)", awaits: true)
            #expect(opened == .bool(true))
            try visitor.follow("Endpoints")
            try visitor.waitFor("Your visit is over: this browser has opened another portal session since.")
            #expect(try !visitor.text().contains("far"))
            try visitor.open("endpoints")
            try visitor.wait("document.querySelector('#top strong')?.textContent === 'c2'")
        }

        @Test func aVisitThatTheBrowserHasForgottenIsOver() throws {
            let bench = try DashboardBench()
            let operatorTab = try bench.tab("portal-sessions", key: try bench.key(nil, .admin))
            let visitor = try bench.emptyTab()
            try visitor.open(try link(operatorTab, "c1"))
            try visitor.waitForPage("")
            try visitor.press("Pause refresh")
            try visitor.forgetCookies()
            try visitor.follow("Endpoints")
            try visitor.waitFor("Your visit is over: the portal session has expired or was ended.")
            #expect(try visitor.holds("document.querySelector('label').textContent === 'API key'"))
            #expect(try !visitor.text().contains("Bearer"))
        }
    }
}
