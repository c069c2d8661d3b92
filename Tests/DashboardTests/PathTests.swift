import Posthorn
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

extension BrowserTests {
    /// What people come for, clicked through.
    @Suite struct PathTests {
        /// A failing endpoint is found, its URL mended, all retried, and it recovers.
        @Test func aFailingEndpointIsFoundAndMended() throws {
            let bench = try DashboardBench(runs: true)
            #expect(bench.receiver.waitForRequests(7).count >= 7)
            let tab = try bench.tab("", key: try bench.key(nil, .admin))
            try tab.wait("document.querySelector('table tbody')?.innerText.includes('crm')")
            try tab.picture("overview")
            try tab.follow("crm")
            try tab.waitForPage("endpoints/crm")
            try tab.waitFor("Newest failure: answered 404")
            try tab.follow("delivery ")
            try tab.waitFor("What to do: Nothing takes the request at this URL")
            try tab.waitFor("Attempt 1")
            try tab.picture("delivery")
            try tab.back()
            try tab.waitForPage("endpoints/crm")
            try tab.fill("URL", "nonsense")
            try tab.press("Save")
            try tab.wait("document.querySelector('[data-field=url][aria-invalid=true]') === document.activeElement")
            #expect(try tab.holds("document.querySelector('[data-field=url]').value === 'nonsense'"))
            try tab.picture("endpoint-fault")
            try tab.fill("URL", bench.goodURL)
            try tab.press("Save")
            try tab.follow("choose them and retry")
            try tab.waitForPage("deliveries")
            try tab.press("Choose all that match")
            try tab.waitFor("3 deliveries match")
            try tab.press("Choose 3")
            try tab.press("Retry at present URL 3")
            try tab.waitFor("Each is tried at once")
            try tab.press("Retry at present URL 3")
            try tab.waitFor("3 of 3 done")
            #expect(bench.receiver.waitForRequests(10).count >= 10)
            try tab.open("endpoints/crm")
            try tab.wait("document.querySelectorAll('table .badge.good').length === 3")
            try tab.picture("endpoint-recovered")
            #expect(try bench.delivered("crm") == 3)
            // The fault in the form was a refusal of the API, which the browser's console names.
            #expect(try tab.unexpectedErrors(refusals: ["422"]) == [])
        }

        @Test func anEndpointIsMadeTestedDisabledAndRemoved() throws {
            let bench = try DashboardBench()
            let tab = try bench.tab("endpoints", key: try bench.key("c1", .read, .retry, .endpoints, .secrets))
            try tab.follow("Make an endpoint")
            try tab.waitForPage("new-endpoint")
            try tab.fill("Id", "chat")
            try tab.fill("URL", bench.goodURL)
            try tab.press("Make the endpoint")
            try tab.wait("document.querySelector('[data-field=\"credentials/secret\"][aria-invalid=true]')")
            try tab.fill("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            try tab.press("Make the endpoint")
            try tab.waitForPage("endpoints/chat")
            try tab.press("Send a test")
            try tab.waitFor("The receiver took the sample")
            try tab.press("Rotate the secret")
            try tab.press("Rotate")
            try tab.waitFor("It is shown this once")
            // Nobody else's change: what is typed can still be saved.
            try tab.press("Done")
            try tab.fill("URL", "\(bench.goodURL)?moved")
            try tab.press("Save")
            try tab.waitFor("Saved.")
            try tab.press("Disable")
            try tab.fill("Reason", "the customer asked")
            try tab.press("Disable")
            try tab.waitFor("It is disabled: the customer asked")
            try tab.press("Enable")
            try tab.waitFor("Enabled. What is held goes out.")
            try tab.press("Remove")
            try tab.waitFor("It gets no more events")
            try tab.press("Remove")
            try tab.waitForPage("endpoints")
            #expect(try !bench.outbox.scoped(to: nil).endpoints().contains { $0.settings.id == "chat" })
        }

        @Test func aReplayIsCountedBeforeItIsStarted() throws {
            let bench = try DashboardBench(runs: true)
            #expect(bench.receiver.waitForRequests(8).count >= 8)
            let tab = try bench.tab("endpoints/top", key: try bench.key(nil, .admin))
            try tab.follow("Replay events of the past")
            try tab.waitForPage("replays")
            try tab.run("document.querySelector('[value=delivered]').click()")
            try tab.press("Count what it would send")
            try tab.waitFor("It would send 4 deliveries of 4 events.")
            #expect(bench.receiver.requests.count == 8)
            // What was counted is not what would be sent after a change of the form.
            let starts = "[...document.querySelectorAll('button')].some(each => each.textContent === 'Start the replay')"
            #expect(try tab.holds(starts))
            try tab.fill("Types or patterns", "NONE")
            try tab.wait("!\(starts)")
            try tab.fill("Types or patterns", "")
            try tab.fill("Deliveries a second", "many")
            try tab.press("Count what it would send")
            try tab.waitFor("rate_per_second")
            try tab.fill("Deliveries a second", "")
            try tab.press("Count what it would send")
            try tab.wait(starts)
            try tab.press("Start the replay")
            try tab.waitFor("Replay 1 is made")
            try tab.wait("document.querySelector('table .badge.good')?.textContent === 'done'")
            #expect(bench.receiver.waitForRequests(12).count == 12)
        }

        @Test func allThatMatchIsTriedAgainByAJob() throws {
            let bench = try DashboardBench(runs: true)
            #expect(bench.receiver.waitForRequests(8).count >= 8)
            let tab = try bench.tab("deliveries?state=exhausted&endpoint=crm", key: try bench.key(nil, .admin))
            try tab.press("All that match: retry")
            try tab.waitFor("3 deliveries match. Each is tried once more")
            try tab.picture("bulk-retry")
            try tab.fill("Deliveries a second", "500")
            try tab.press("Retry 3")
            try tab.waitFor("Retry is made, as job 1")
            #expect(bench.receiver.waitForRequests(11).count >= 11)
            try tab.follow("see how far it is")
            try tab.waitForPage("replays")
            try tab.wait("document.querySelector('table .badge.good')?.textContent === 'done'")
            try tab.open("deliveries?attempts_min=1&state=delivered")
            try tab.waitForPage("deliveries")
            #expect(try !tab.holds("document.body.innerText.includes('All that match:')"))
            #expect(try tab.unexpectedErrors() == [])
        }

        @Test func whatStopsALaneIsFoundAndSkipped() throws {
            let bench = try DashboardBench(hasData: false, runs: true)
            var crm = EndpointSettings(id: "crm", node: "c1", url: bench.wrongURL, vendor: .weseedo, retry: try RetrySchedule(["0"]))
            crm.order = DeliveryOrder(.endpoint)
            _ = try bench.outbox.apply(try Topology(nodes: DashboardBench.nodes, endpoints: [crm]))
            for id in ["e1", "e2"] {
                _ = try bench.outbox.emit(NewEvent(id: id, type: "MEETING_STARTED", node: "s1", data: #"{"id": "m1"}"#))
            }
            let tab = try bench.tab("endpoints/crm", key: try bench.key(nil, .admin))
            try tab.waitFor("1 lane is stopped by an exhausted delivery, with 1 delivery behind")
            try tab.picture("endpoint-lanes")
            try tab.run("document.querySelector('main table a').click()")
            try tab.waitForPage("deliveries/1")
            try tab.press("Skip")
            try tab.waitFor("stops its lane no more")
            try tab.press("Skip 1")
            #expect(bench.receiver.waitForRequests(2).count == 2)
            #expect(try tab.unexpectedErrors() == [])
        }

        /// What has no settings of its own is sent without a body, and is done.
        @Test func aDeliveryIsResentAndOneIsTakenBack() throws {
            let bench = try DashboardBench(runs: true)
            #expect(bench.receiver.waitForRequests(8).count >= 8)
            let tab = try bench.tab("deliveries?endpoint=top&event=e1", key: try bench.key(nil, .admin))
            try tab.run("document.querySelector('main tbody a').click()")
            try tab.press("Resend")
            try tab.waitFor("gets the same event once more")
            try tab.press("Resend 1")
            try tab.waitFor("Resend: 1 of 1 done.")
            #expect(bench.receiver.waitForRequests(9).count == 9)
            try tab.open("endpoints/crm")
            try tab.wait("document.querySelectorAll('table .badge.bad').length === 3")
            try tab.open("deliveries?state=exhausted&endpoint=crm")
            try tab.waitForPage("deliveries")
            try tab.press("Choose all that match")
            try tab.waitFor("3 deliveries match")
            try tab.press("Choose 3")
            try tab.press("Cancel 3")
            try tab.waitFor("They are never sent.")
            try tab.press("Cancel 3")
            try tab.waitFor("Cancel: 3 of 3 done.")
            var cancelled = DeliveryFilter()
            cancelled.state = .cancelled
            var count = 0
            try bench.outbox.deliveries(cancelled) { _ in count += 1 }
            #expect(count == 3)
            #expect(try tab.unexpectedErrors() == [])
        }

        @Test func aKeyIsMadeShownOnceAndRevoked() throws {
            let bench = try DashboardBench()
            let tab = try bench.tab("keys", key: try bench.key(nil, .admin))
            try tab.press("Make a key")
            try tab.fill("Name", "for the shop")
            try tab.fill("Node", "c1")
            try tab.run("document.querySelector('dialog [value=read]').click()")
            try tab.press("Make it")
            try tab.waitFor("It is shown this once")
            let text = try tab.evaluate("document.querySelector('dialog pre').textContent").string ?? ""
            #expect(text.hasPrefix("phk_"))
            try tab.press("Done")
            try tab.press("Revoke for the shop")
            try tab.waitFor("This cannot be undone")
            try tab.press("Revoke")
            try tab.waitFor("Revoked.")
            #expect(try bench.outbox.accessKeys().first { $0.name == "for the shop" }?.revoked != nil)
            #expect(try !tab.holds("document.documentElement.innerHTML.includes(\(Tab.literal(text)))"))
        }

        @Test func aWrongKeyIsRefusedAndARevokedOneEndsTheVisit() throws {
            let bench = try DashboardBench()
            let tab = try bench.tab("endpoints")
            try tab.fill("API key", "phk_0123456789ab_nonsense")
            try tab.press("Sign in")
            try tab.waitFor("This does not let you in")
            let key = try bench.key(nil, .read)
            try tab.signIn(key)
            try tab.waitForPage("endpoints")
            let id = try #require(try bench.outbox.accessKeys().last?.id)
            try bench.outbox.revokeAccessKey(id)
            // Pages ask again while they are open; links ask at once.
            try tab.follow("Overview")
            try tab.waitFor("API key")
            #expect(try tab.holds("sessionStorage.getItem('posthorn-key') === null"))
        }

        @Test func theAddressIsThePageAndTheHistoryWorks() throws {
            let bench = try DashboardBench()
            let tab = try bench.tab("deliveries?state=pending&endpoint=crm", key: try bench.key(nil, .read))
            try tab.waitFor("All 3 are shown.")
            #expect(try tab.holds("document.querySelector('.tabs [aria-current]').textContent === 'Pending'"))
            try tab.follow("Delivered")
            try tab.waitFor("Nothing matches.")
            #expect(try tab.holds("location.search === '?state=delivered&endpoint=crm'"))
            try tab.back()
            try tab.waitFor("All 3 are shown.")
            #expect(try tab.text().contains("Deliveries: pending"))
            // Without the right to retry there is nothing to choose for.
            #expect(try !tab.holds("document.querySelector('input[type=checkbox]')"))
        }

        @Test func keysOfTheKeyboardLeadEverywhere() throws {
            let bench = try DashboardBench()
            let tab = try bench.tab("", key: try bench.key(nil, .admin))
            try tab.type("?")
            try tab.waitFor("Keys of the keyboard")
            try tab.press("Close")
            try tab.type("g")
            try tab.type("d")
            try tab.waitForPage("deliveries")
            #expect(try tab.holds("document.activeElement.tagName === 'H1'"))
            try tab.type("/")
            try tab.wait("document.activeElement.name === 'endpoint'")
            try tab.open("")
            try tab.type("Tab")
            try tab.wait("document.activeElement.textContent === 'Skip to the contents'")
        }

        @Test func aFigureThatCannotBeHadIsUnknown() throws {
            let bench = try DashboardBench()
            let tab = try bench.tab("", key: try bench.key(nil, .admin))
            try tab.waitFor("No engine runs")
            // Nothing was delivered, but nobody knows how fast it would be.
            let throughput = "[...document.querySelectorAll('.card')].find(each => each.textContent.startsWith('Throughput'))"
            #expect(try tab.holds("\(throughput).querySelector('.figure').textContent === 'unknown'"))
            let tenant = try bench.tab("", key: try bench.key("c1", .read))
            let lag = "[...document.querySelectorAll('.card')].find(each => each.textContent.startsWith('How far behind'))"
            #expect(try tenant.holds("\(lag).querySelector('.figure').textContent === 'unknown'"))
        }
    }
}
