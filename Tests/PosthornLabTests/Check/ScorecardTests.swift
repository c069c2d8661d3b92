import PosthornFormats
import PosthornHTTP
import PosthornModel
import PosthornSending
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

@testable import PosthornLab

/// A scorecard says of a good receiver that it is good, and of each bad one what is bad about it.
@Suite(.limited()) struct ScorecardTests {
    private static let standard: EndpointSettings = {
        var settings = EndpointSettings(id: "e", node: "n", url: "", envelope: .standard, signature: .standardWebhooks)
        settings.credentials = ["secret": .string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        return settings
    }()

    private static let nextSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

    /// The rows of a receiver with this check.
    private func rows(
        _ configuration: ReceiverConfiguration = ReceiverConfiguration(),
        hasLedger: Bool = true,
        graceMilliseconds: Int64 = 2000,
        wait: @escaping (Int64) -> Bool = { _ in true },
        format: (String) throws -> CheckedFormat,
        check: @escaping Receiver.Check
    ) throws -> [ScorecardRow] {
        let lines = Mutex<[UInt8]>([])
        let receiver = try Receiver(
            server: HTTPServerConfiguration(),
            configuration: configuration,
            check: check,
            observe: { arrival, request in
                lines.withLock { lines in for _ in 0..<arrival.timesProcessed { lines += arrival.ledgerLine(request) } }
            }
        )
        let url = "http://127.0.0.1:\(receiver.port)/hook"
        let card = Scorecard(
            try format(url),
            url: try EndpointURL(url),
            guard: OwnedHostGuard.make(isOwned: false),
            caFile: nil,
            seed: 5,
            ledger: hasLedger ? { try Ledger(lines.withLock { $0 }) } : nil,
            graceMilliseconds: graceMilliseconds,
            wait: wait
        )
        var rows: [ScorecardRow] = []
        let isWhole = try card.run { rows.append($0) }
        #expect(isWhole == (rows.last?.title == "JSON that is cut off"))
        return rows
    }

    private func standardRows(
        _ configuration: ReceiverConfiguration = ReceiverConfiguration(),
        hasLedger: Bool = true,
        graceMilliseconds: Int64 = 2000,
        wait: @escaping (Int64) -> Bool = { _ in true },
        check: Receiver.Check? = nil
    ) throws -> [ScorecardRow] {
        let right = try RequestCheck(Self.standard, nextSecret: Self.nextSecret)
        let now = Timestamp(milliseconds: 1_700_000_000_000)
        return try rows(
            configuration,
            hasLedger: hasLedger,
            graceMilliseconds: graceMilliseconds,
            wait: wait,
            format: { _ in try CheckedFormat(Self.standard, vendor: .standard, nextSecret: Self.nextSecret, seed: 5, at: now) },
            check: check ?? { right.verdict($0) }
        )
    }

    private func missed(_ rows: [ScorecardRow]) -> Set<String> {
        Set(rows.filter { $0.outcome == .missed }.map { "\($0.area.rawValue): \($0.title)" })
    }

    @Test func aGoodReceiverKeepsEverything() throws {
        let rows = try standardRows()
        for row in rows { #expect(row.outcome == .kept || row.outcome == .skipped, "\(row.line)") }
        #expect(Set(rows.map(\.area)).isSuperset(of: [.handshake, .signature, .age, .duplicates, .order, .rotation, .retries, .faults]))
        #expect(rows.count { $0.outcome == .skipped } == 1)
    }

    @Test func withoutALedgerWhatItActsOnIsNotKnown() throws {
        let rows = try standardRows(hasLedger: false)
        #expect(rows.count { $0.outcome == .unknown } == 3)
        #expect(missed(rows).isEmpty)
    }

    @Test func aReceiverThatChecksNoSignatureMissesThem() throws {
        let found = missed(try standardRows(check: { _ in .unchecked }))
        #expect(
            found == [
                "signature: another secret", "signature: no signature", "signature: a body that was changed on its way",
                "age: signed an hour ago",
            ]
        )
    }

    @Test func aReceiverThatActsTwiceIsFound() throws {
        var configuration = ReceiverConfiguration()
        configuration.misbehaviour.faults = [.init(.twice, probability: 1)]
        #expect(missed(try standardRows(configuration)).isSuperset(of: ["duplicates: it acts once", "retries: it acts once"]))
    }

    @Test func aReceiverThatLosesEventsIsFound() throws {
        var configuration = ReceiverConfiguration()
        configuration.misbehaviour.faults = [.init(.lose, probability: 1)]
        #expect(missed(try standardRows(configuration)).contains("order: neither is lost"))
    }

    /// What is not in the ledger is waited for as long as was said, and no longer.
    @Test(arguments: [250, 1000]) func theLedgerIsWaitedForAsLongAsWasSaid(_ grace: Int64) throws {
        var configuration = ReceiverConfiguration()
        configuration.misbehaviour.faults = [.init(.lose, probability: 1)]
        var waits: [Int64] = []
        _ = try standardRows(configuration, graceMilliseconds: grace) { milliseconds in
            if milliseconds > 0 { waits.append(milliseconds) }
            return true
        }
        // Three things are looked up.
        #expect(waits.reduce(0, +) == 3 * grace && waits.max() == 100)
    }

    /// One that is stopped while it waits for the ledger says nothing of what it waited for.
    @Test func whatItWasStoppedAtIsNotJudged() throws {
        var configuration = ReceiverConfiguration()
        configuration.misbehaviour.faults = [.init(.lose, probability: 1)]
        let rows = try standardRows(configuration, wait: { $0 == 0 })
        #expect(rows.last?.title == "the same event twice" && missed(rows).isEmpty)
        #expect(try standardRows(wait: { _ in false }).count == 1)
    }

    @Test func aReceiverThatAnswersOtherwiseIsFound() throws {
        var configuration = ReceiverConfiguration()
        configuration.misbehaviour.status = 204
        let rows = try standardRows(configuration)
        #expect(missed(rows).contains("signature: a good request"))
        // Its refusals show nothing then.
        #expect(rows.first { $0.title == "another secret" }?.outcome == .unknown)
    }

    @Test func aReceiverWithoutTheNewSecretIsFound() throws {
        let old = try RequestCheck(Self.standard)
        #expect(missed(try standardRows(check: { old.verdict($0) })) == ["rotation: signed with the new secret"])
    }

    @Test func aVendorsFileIsCheckedWithItsHandshakes() throws {
        let file = try VendorFile(Array(Self.slack.utf8)) { (name) throws(InputProblem) in
            throw InputProblem(field: name, reason: "is not there")
        }
        let vendor = try FileVendor(file, credentials: ["secret": "8f742231b10e8888abcd99yyyzzz85a5"])
        var configuration = ReceiverConfiguration()
        configuration.identity = IdentityRule(of: file.description)
        configuration.handshakes = VendorHandshake.all(of: vendor)
        let check = try VendorCheck(vendor)
        let good = try rows(configuration, format: { try CheckedFormat(vendor, url: $0, nextSecret: nil) }, check: { check.verdict($0) })
        for row in good where row.area != .rotation { #expect(row.outcome == .kept, "\(row.line)") }
        #expect(good.count { $0.area == .handshake } == 2)
        configuration.handshakes = []
        let bad = try rows(configuration, format: { try CheckedFormat(vendor, url: $0, nextSecret: nil) }, check: { _ in .unchecked })
        #expect(
            missed(bad).isSuperset(of: ["handshake: a new URL is asked", "handshake: a badly signed question", "signature: no signature"])
        )
    }

    private static let slack = """
        {"openapi":"3.1.0","info":{"title":"Slack","version":"1"},"x-webhook-sender":{
        "headers":{"X-Slack-Request-Timestamp":"{timestamp}"},"fill":{"/event_id":"Ev{id}"},
        "signatures":[{"algorithm":"hmac-sha256","content":"v0:{timestamp}:{body}","place":{"header":"X-Slack-Signature","value":"v0={signature}"}}],
        "tolerance_s":300,"identity":{"json":"/event_id"},
        "handshake":[{"signed":true,"body":"{{\\"challenge\\":\\"{challenge}\\",\\"type\\":\\"url_verification\\"}}","answer":"{challenge}"},
        {"wrongly_signed":true,"body":"{{\\"challenge\\":\\"{challenge}\\",\\"type\\":\\"url_verification\\"}}"}],
        "vectors":[{"credentials":{"secret":"8f742231b10e8888abcd99yyyzzz85a5"},"headers":{"X-Slack-Request-Timestamp":"1531420618",
        "X-Slack-Signature":"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"},
        "body":"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"}]},
        "webhooks":{"app_mention":{"post":{"requestBody":{"content":{"application/json":{"example":{"event_id":"Ev0","type":"event_callback"}}}}}}}}
        """

    @Test func thePageAndTheJUnitFileHoldEveryRow() {
        let rows = [
            ScorecardRow(.signature, "a <good> request", .kept, evidence: "answered 200", demand: "200"),
            ScorecardRow(.age, "signed an hour ago", .missed, evidence: "answered 200", demand: "a refusal"),
            ScorecardRow(.duplicates, "it acts once", .unknown, evidence: "no ledger", demand: "once"),
            ScorecardRow(.handshake, "asked", .skipped, evidence: "not in this format", demand: "-"),
        ]
        let page = ScorecardPage(
            target: "http://x/",
            vendor: "diio",
            began: Timestamp(milliseconds: 0),
            seconds: 1,
            rows: rows,
            properties: [("seed", "5")]
        )
        #expect(
            page.html.contains("a &lt;good&gt; request") && page.html.contains("1 not known") && page.html.contains("<html lang=\"en\">")
        )
        #expect(page.junit.contains(#"tests="3" failures="1" errors="0" skipped="1""#))
    }
}
