import PosthornHTTP
import PosthornModel
import PosthornText
import PosthornSending
import Synchronization
import PosthornTestSupport
import Testing

@testable import PosthornLab

/// A load against a receiver that keeps a ledger and spoils it by seed: what the report counts is what the receiver did.
@Suite(.limited()) struct LedgerRunTests {
    static let credentials: [Vendor: [String: JSONValue]] = [
        .diio: ["signing_secret": .string("s3cret-of-diio")], .conference: ["token": .string("t0ken-of-conference")],
        .webio: ["api_key": .string("k-of-webio"), "organisation_id": .string("o"), "secret": .string(String(repeating: "s", count: 32))],
        .voiso: ["key": .string("k-of-voiso"), "name": .string("n"), "entity": .string("e")],
        .standard: ["secret": .string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
    ]

    private struct Truth {
        var ledger: [UInt8] = []
        var processed = 0
        var lost = 0
        var twice = 0
    }

    static func settings(_ vendor: Vendor) -> EndpointSettings {
        EndpointSettings(
            id: "e",
            node: "n",
            url: "",
            envelope: vendor.envelope,
            signature: vendor.signature,
            credentials: credentials[vendor] ?? [:]
        )
    }

    /// libcurl writes a query's percent-encoding in its own way, and a receiver digests what has arrived.
    @Test func aQueryIsKnownByItsDigestToo() throws {
        var settings = Self.settings(.voiso)
        (settings.method, settings.signature) = (.get, .none)
        settings.credentials["key"] = nil
        let digests = Mutex<[UInt8]>([])
        let receiver = try Receiver(
            server: HTTPServerConfiguration(),
            observe: { arrival, request in
                let line = try? JSONValue.parse(arrival.ledgerLine(request).dropLast())
                if case .string(let digest) = line?["digest"] { digests.withLock { $0 += Array("\(digest)\n".utf8) } }
            }
        )
        var plan = LoadPlan(.closed(connections: 2))
        (plan.count, plan.keepsBook) = (20, true)
        let test = try LoadTest(
            try EndpointURL("http://127.0.0.1:\(receiver.port)/hook?tenant=a%2Bb"),
            method: .get,
            plan: plan,
            content: try .events(
                settings,
                vendor: .voiso,
                type: nil,
                data: nil,
                needsWrong: false,
                seed: 3,
                at: Timestamp(milliseconds: 1_700_000_000_000)
            ),
            guard: OwnedHostGuard.make(isOwned: false)
        )
        var report = try test.run()
        report.take(try Ledger(digests.withLock { $0 }))
        #expect(report.requests == 20 && report.ledger?.processed == 20 && report.ledger?.unknown == 0)
    }

    @Test(arguments: Vendor.allCases.filter { IdentityRule.vendor($0.rawValue) != nil })
    func theReportCountsWhatTheReceiverDid(vendor: Vendor) throws {
        let settings = Self.settings(vendor)
        var configuration = ReceiverConfiguration()
        configuration.identity = try #require(IdentityRule.vendor(vendor.rawValue))
        configuration.misbehaviour.faults = [
            .init(.lose, probability: 0.05), .init(.twice, probability: 0.05), .init(.status(503), probability: 0.05),
        ]
        let check = try RequestCheck(settings)
        let truth = Mutex(Truth())
        let receiver = try Receiver(
            server: HTTPServerConfiguration(),
            configuration: configuration,
            check: { check.verdict($0) },
            observe: { arrival, request in
                truth.withLock { truth in
                    for _ in 0..<arrival.timesProcessed { truth.ledger += arrival.ledgerLine(request) }
                    if arrival.timesProcessed > 0 { truth.processed += 1 }
                    if arrival.timesProcessed > 1 { truth.twice += 1 }
                    if arrival.status == 200, !arrival.isDuplicate, arrival.timesProcessed == 0 { truth.lost += 1 }
                }
            }
        )
        var plan = LoadPlan(.closed(connections: 4))
        (plan.count, plan.threads, plan.keepsBook) = (600, 2, true)
        var shares = LoadPlan.Shares()
        (shares.duplicates, shares.late, shares.reordered) = (0.1, 0.05, 0.05)
        shares.wronglySigned = settings.signature == .none ? 0 : 0.1
        let test = try LoadTest(
            try EndpointURL("http://127.0.0.1:\(receiver.port)/hook"),
            plan: plan,
            content: try .events(
                settings,
                vendor: ScenarioVendor(rawValue: vendor.rawValue),
                type: nil,
                data: nil,
                needsWrong: shares.wronglySigned > 0,
                seed: 3,
                at: Timestamp(milliseconds: 1_700_000_000_000)
            ),
            shares: shares,
            guard: OwnedHostGuard.make(isOwned: false)
        )
        var report = try test.run()
        let seen = truth.withLock { $0 }
        report.take(try Ledger(seen.ledger))
        let ledger = try #require(report.ledger)
        #expect(seen.lost > 5 && seen.twice > 5)
        #expect(ledger.lost == UInt64(seen.lost) && ledger.twice == UInt64(seen.twice))
        #expect(ledger.processed == UInt64(seen.processed) && ledger.unknown == 0 && ledger.forged == 0 && ledger.unacknowledged == 0)
        let duplicates = report.kinds.first { $0.kind == .duplicate }?.requests ?? 0
        #expect(ledger.events == 600 - duplicates)
    }
}
