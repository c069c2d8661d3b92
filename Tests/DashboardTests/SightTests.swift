import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn

extension BrowserTests {
    /// What pages say of what was counted, of what is tried again, and of what a reader may not see.
    @Suite struct SightTests {
        /// Counts attempts of an endpoint of some minutes ago: three delivered and one answered 500, each a second late.
        private func count(_ bench: DashboardBench, _ endpoint: String) throws {
            let outbox = bench.outbox
            let key = try #require(try outbox.scoped(to: nil).topology().endpoint(endpoint)).key
            var tally = AttemptTally()
            for _ in 0..<3 { tally.count(nil, durationMicroseconds: 20_000, lagMilliseconds: 1000, state: .delivered) }
            tally.count(.status, durationMicroseconds: 20_000, lagMilliseconds: 1000, state: .pending)
            let counted = tally
            let moment = outbox.scoped(to: nil).now.advanced(byMilliseconds: -240_000)
            try outbox.writer.perform { (store) throws(OutboxProblem) in try store.add([(key, counted)], at: moment) }
        }

        private func figure(_ heading: String) -> String {
            "[...document.querySelectorAll('.card')].find(each => each.textContent.startsWith('\(heading)')).querySelector('.figure')"
        }

        @Test func anEndpointSaysWhatShareWasDelivered() throws {
            let bench = try DashboardBench()
            try count(bench, "crm")
            let tab = try bench.tab("endpoints/crm", key: try bench.key(nil, .admin))
            try tab.waitFor("75 % of 4 attempts were delivered. Failed with: http_status 1.")
            #expect(try tab.number("document.querySelectorAll('section[aria-label=\"How it did\"] svg path[d^=M]').length") == 4)
            try tab.picture("endpoint-past")
            let days =
                "{ const field = document.querySelector('section[aria-label=\"How it did\"] select'); field.value = '1d'; "
                + "field.dispatchEvent(new Event('change')); }"
            try tab.run(days)
            try tab.wait("performance.getEntriesByType('resource').some(each => each.name.endsWith('crm/stats?step=1d'))")
            try tab.waitFor("75 % of 4 attempts were delivered.")
            try tab.open("endpoints/top")
            try tab.waitFor("No attempt was counted.")
            #expect(try tab.unexpectedErrors() == [])
        }

        @Test func aTenantsFirstScreenHasTheFiguresOfTheTree() throws {
            let bench = try DashboardBench()
            try count(bench, "crm")
            let tab = try bench.tab("", key: try bench.key("c1", .read))
            try tab.wait("\(figure("How far behind")).textContent !== 'unknown'")
            #expect(try tab.holds("/^\\d/.test(\(figure("Throughput")).textContent)"))
            let other = try bench.tab("", key: try bench.key("c2", .read))
            #expect(try other.holds("\(figure("How far behind")).textContent === 'unknown'"))
            #expect(try other.holds("\(figure("Throughput")).textContent === 'unknown'"))
        }

        @Test func theFirstScreenSaysWhatIsDeletedAndWhenTheLastCopyWasTaken() throws {
            let bench = try DashboardBench()
            let policy = RetentionPolicy(keepMilliseconds: 30 * 86_400_000, byState: [.exhausted: 90 * 86_400_000])
            try bench.outbox.writer.perform { (store) throws(OutboxProblem) in try store.write(retention: RetentionFacts(policy: policy)) }
            let folder = try TemporaryDirectory()
            _ = try Outbox.backUpNow(bench.outbox.path, to: folder.file("copy.db"))
            let tab = try bench.tab("", key: try bench.key(nil, .admin))
            try tab.waitFor("30d, exhausted=90d")
            try tab.wait("/Last backup\\s.*\\(.* ago\\), \\d+ event/.test(document.body.innerText)")
            let tenant = try bench.tab("", key: try bench.key("c1", .read))
            try tenant.waitFor("Exhausted in the last hour")
            #expect(try tenant.holds("!document.body.innerText.includes('Last backup')"))
        }

        @Test func whatIsTriedAgainIsListedByItsNextAttempt() throws {
            let bench = try DashboardBench(hasData: false, runs: true)
            let retry = try RetrySchedule(["0", "1h"])
            let crm = EndpointSettings(id: "crm", node: "c1", url: bench.wrongURL, vendor: .weseedo, retry: retry)
            _ = try bench.outbox.apply(try Topology(nodes: DashboardBench.nodes, endpoints: [crm]))
            for id in ["e1", "e2"] {
                _ = try bench.outbox.emit(NewEvent(id: id, type: "MEETING_STARTED", node: "s1", data: #"{"id": "m1"}"#))
                let count = id == "e1" ? 1 : 2
                #expect(bench.receiver.waitForRequests(count).count >= count)
            }
            let tab = try bench.tab("endpoints/crm", key: try bench.key(nil, .admin))
            try tab.wait("[...document.querySelectorAll('table .badge')].filter(each => each.textContent === 'retrying').length === 2")
            try tab.follow("retrying")
            try tab.waitForPage("deliveries")
            try tab.waitFor("By next attempt")
            let numbers = "[...document.querySelectorAll('tbody tr th')].map(each => each.textContent).join(' ')"
            #expect(try tab.evaluate(numbers).string == "1 2")
            #expect(try tab.unexpectedErrors() == [])
        }

        /// What was sent and what came back stand as they were written, laid out: numbers are not rounded, and keys stay where they are.
        @Test func dataIsShownAsItWasWritten() throws {
            let written = #"{"id":"m1","n":9007199254740993,"p":1.10,"2":[],"1":{"s":"a\"b: {1,2}\\","u":"\u00e9"},"l":[1e2,null,{}]}"#
            let lines = [
                "{", #"  "id": "m1","#, #"  "n": 9007199254740993,"#, #"  "p": 1.10,"#, #"  "2": [],"#, #"  "1": {"#,
                #"    "s": "a\"b: {1,2}\\","#,
                #"    "u": "\u00e9""#, "  },", #"  "l": ["#, "    1e2,", "    null,", "    {}", "  ]", "}",
            ]
            let bench = try DashboardBench(hasData: false, runs: true, answer: written)
            let crm = EndpointSettings(id: "crm", node: "c1", url: bench.wrongURL, vendor: .weseedo, retry: try RetrySchedule(["0"]))
            _ = try bench.outbox.apply(try Topology(nodes: DashboardBench.nodes, endpoints: [crm]))
            _ = try bench.outbox.emit(NewEvent(id: "e1", type: "MEETING_STARTED", node: "s1", data: written))
            let tab = try bench.tab("events/e1", key: try bench.key(nil, .admin))
            let shown = "document.querySelector('[aria-label=Data]').textContent"
            #expect(try tab.evaluate(shown).string == lines.joined(separator: "\n"))
            try tab.follow("1")
            try tab.wait("document.querySelector('details pre')")
            #expect(try tab.evaluate("document.querySelector('details pre').textContent").string == lines.joined(separator: "\n"))
            let data = "document.querySelector('[aria-label$=\"event\\'s data\"]')"
            try tab.wait(data)
            #expect(try tab.evaluate("\(data).textContent").string == lines.joined(separator: "\n"))
            let body = try tab.evaluate("document.querySelector('[aria-label=Body]').textContent").string ?? ""
            #expect(body.contains("9007199254740993") && body.contains("1.10") && !body.contains("9007199254740992"))
        }

        @Test func whatIsHiddenIsSaidToBe() throws {
            let bench = try DashboardBench(runs: true)
            #expect(bench.receiver.waitForRequests(8).count >= 8)
            let tab = try bench.tab("deliveries/1", key: try bench.key(nil, .readMetadata))
            try tab.waitFor("What is sent is hidden")
            try tab.open("events/e1")
            try tab.waitFor("Its data is hidden")
            #expect(try !tab.text().contains("m1"))
        }
    }
}
