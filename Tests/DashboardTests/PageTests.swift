import Glibc
import Posthorn
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

extension BrowserTests {
    /// Every page, empty and with data, as all readers need it, and as no attacker wants it.
    @Suite struct PageTests {
        private static let pages = [
            "", "deliveries", "deliveries?state=exhausted", "endpoints", "new-endpoint", "events", "event-types", "nodes", "replays",
            "keys", "portal-sessions", "backups", "nodes/c1/nonsense",
        ]
        private static let pagesOfData = ["deliveries/1", "endpoints/crm", "events/e1", "nodes/c1"]

        /// The rules of axe-core as a script; `nil` where it cannot be had.
        static let rules: String? = {
            let path = "\(Tab.top)/.build-axe/axe.min.js"
            var output = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&output)
            defer { posix_spawn_file_actions_destroy(&output) }
            closeForeignDescriptors(&output)
            let installer = "\(Tab.top)/Tests/install-axe.sh"
            var words: [UnsafeMutablePointer<CChar>?] = [strdup(installer), nil]
            defer { for word in words { free(word) } }
            var process = pid_t()
            guard posix_spawn(&process, installer, &output, nil, &words, environ) == 0 else { return nil }
            var status: Int32 = 0
            waitpid(process, &status, 0)
            guard let file = fopen(path, "rb") else { return nil }
            defer { fclose(file) }
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
            return String(decoding: bytes, as: UTF8.self)
        }()

        private func path(of page: String) -> String { String(page.split(separator: "?").first ?? "") }

        private func show(_ page: String, in tab: Tab) throws {
            try tab.open(page)
            try tab.waitForPage(path(of: page))
        }

        /// What axe-core finds on the page as it is shown.
        static func violations(_ tab: Tab, _ rules: String) throws -> String {
            if try !tab.holds("window.axe") { try tab.run(rules) }
            let run = """
                axe.run(document, { resultTypes: ['violations'] }).then(result => result.violations
                .map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' ')}`).join('; '))
                """
            return try tab.evaluate(run, awaits: true).string ?? "no answer"
        }

        private func check(_ tab: Tab, _ pages: [String], _ name: String) throws {
            let rules = try #require(Self.rules, "axe-core cannot be had; Tests/install-axe.sh says why")
            for page in pages {
                try tab.look(width: 1440, isDark: false)
                try show(page, in: tab)
                for width in [1440, 320] {
                    for isDark in [false, true] {
                        try tab.look(width: width, isDark: isDark)
                        let place = "\(page) (\(name), \(width) px, \(isDark ? "dark" : "light"))"
                        #expect(try Self.violations(tab, rules) == "", "\(place)")
                        #expect(
                            try tab.number("document.documentElement.scrollWidth - innerWidth") <= 0,
                            "\(place) is wider than the screen"
                        )
                        let file = page.map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined()
                        try tab.picture("\(name)-\(file.isEmpty ? "overview" : file)-\(width)-\(isDark ? "dark" : "light")")
                    }
                }
                #expect(try tab.number("document.querySelectorAll('h1').length") == 1, "\(page) (\(name))")
            }
        }

        @Test func pagesWithDataCanBeUsedByAllReaders() throws {
            let bench = try DashboardBench()
            let tab = try bench.tab("", key: try bench.key(nil, .admin))
            try check(tab, Self.pages + Self.pagesOfData, "data")
            #expect(try tab.unexpectedErrors() == [])
        }

        @Test func emptyPagesSayWhatToDoFirstAndCanBeUsedByAllReaders() throws {
            let bench = try DashboardBench(hasData: false)
            let tab = try bench.tab()
            let rules = try #require(Self.rules, "axe-core cannot be had; Tests/install-axe.sh says why")
            #expect(try Self.violations(tab, rules) == "")
            try tab.signIn(try bench.key(nil, .admin))
            try tab.waitForPage("")
            try check(tab, Self.pages, "empty")
            for (page, words) in [
                ("", "Make the first one"), ("deliveries", "posthorn emit"), ("endpoints", "There is no endpoint yet"),
                ("events", "There are no events yet"), ("nodes", "posthorn apply topology.json"), ("new-endpoint", "There is no node yet"),
                ("replays", "There was none yet"), ("portal-sessions", "There are none. A session"),
            ] {
                try show(page, in: tab)
                try tab.waitFor(words)
            }
            #expect(try tab.unexpectedErrors() == [])
        }

        /// What a tenant or receiver can write, in every place where pages show it.
        @Test func textOfTenantsAndReceiversIsNeverMarkup() throws {
            let corpus = [
                "<script>window.hit = 1</script>", "<img src=x onerror=\"window.hit = 1\">", "\"><svg onload=window.hit=1>",
                "javascript:window.hit=1", "${window.hit = 1}", "{{constructor.constructor('window.hit=1')()}}", "'-(window.hit=1)-'",
                "</title><iframe srcdoc=\"<script>parent.hit=1</script>\">", "&lt;b onclick=window.hit=1&gt;",
            ]
            let all = corpus.joined(separator: " ")
            let bench = try DashboardBench(hasData: false, runs: true, answer: all)
            let settings = EndpointSettings(
                id: "<img src=x onerror=hit=1>",
                node: "<b>c1</b>",
                url: "\(bench.wrongURL)?q=%3Cscript%3Ehit=1%3C/script%3E",
                vendor: .weseedo,
                headers: [.init(name: "x-name", value: all)],
                retry: try RetrySchedule(["0"])
            )
            let node = Node(id: "<b>c1</b>", level: .company, name: all)
            _ = try bench.outbox.apply(try Topology(nodes: [node], endpoints: [settings]))
            var line = JSONLine()
            line.add("id", all)
            _ = try bench.outbox.emit(NewEvent(id: "e1", type: "MEETING_STARTED", node: node.id, data: line.text))
            _ = try bench.outbox.makeAccessKey(name: corpus[1], rights: [.read])
            #expect(bench.receiver.waitForRequests(1).count >= 1)
            let tab = try bench.tab("deliveries", key: try bench.key(nil, .admin))
            let endpoint = "endpoints/%3Cimg%20src%3Dx%20onerror%3Dhit%3D1%3E"
            for page in Self.pages + ["deliveries/1", "events/e1", endpoint, "nodes/%3Cb%3Ec1%3C%2Fb%3E"] {
                try show(page, in: tab)
                #expect(try !tab.holds("'hit' in window"), "\(page)")
                let foreign = "main :is(script, iframe, object, embed, img, b, a[href^='javascript:'], [onerror], [onload], [onclick])"
                #expect(try tab.number("document.querySelectorAll(\(Tab.literal(foreign))).length") == 0, "\(page)")
            }
            try show("deliveries/1", in: tab)
            try tab.press("Answer")
            try tab.waitFor(corpus[0])
            try show(endpoint, in: tab)
            try tab.press("Disable")
            try tab.fill("Reason", corpus[1])
            try tab.press("Disable")
            try tab.waitFor("It is disabled: \(corpus[1])")
            #expect(try !tab.holds("'hit' in window"))
            #expect(try tab.unexpectedErrors() == [])
        }

        /// Of a foreign tree no byte comes into the browser of a tenant, whatever page they open.
        @Test func aTenantsBrowserGetsNothingOfOtherTrees() throws {
            let bench = try DashboardBench()
            let key = try bench.key("c1", .read, .retry, .endpoints, .secrets, .keys)
            _ = try bench.outbox.makeAccessKey(name: "stranger", node: "c2", rights: [.read])
            let tab = try bench.tab("", key: key)
            var bodies: [Tab.Recorded] = []
            let foreign = ["deliveries/4", "endpoints/far", "endpoints/top", "events/e-far", "nodes/c2", "nodes/r1"]
            for page in Self.pages + Self.pagesOfData + foreign + ["deliveries?node=c2", "endpoints?node=d2", "events?node=s2"] {
                try show(page, in: tab)
                bodies += try tab.recorded()
            }
            #expect(bodies.count > 30)
            for body in bodies {
                for word in ["top", "far", "r1", "d1", "d2", "c2", "s2", "e-far"] {
                    // What was asked for by its name may be named in the refusal.
                    let isAsked = body.url.contains("/\(word)") || body.url.contains("=\(word)")
                    #expect(isAsked || !body.body.contains("\"\(word)\""), "\(body.url): \(body.body)")
                }
                #expect(!body.body.lowercased().contains("stranger"), "\(body.url): \(body.body)")
            }
        }

        @Test func nothingIsLoadedFromElsewhereAndAllIsSmall() throws {
            let bench = try DashboardBench()
            let tab = try bench.tab("", key: try bench.key(nil, .admin))
            for page in Self.pages + Self.pagesOfData { try show(page, in: tab) }
            // The browser's own pictures of its fields have addresses that hold all of them.
            let addresses = tab.addresses.filter { !$0.hasPrefix("data:") }
            #expect(addresses.count > 20)
            #expect(addresses.allSatisfy { $0.hasPrefix(tab.base) }, "\(addresses.filter { !$0.hasPrefix(tab.base) })")
        }
    }
}
