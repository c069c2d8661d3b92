import PosthornHTTP
import PosthornModel
import PosthornText
import PosthornSending
import PosthornTestSupport
import Synchronization
import Testing

@testable import PosthornLab

@Suite(.limited()) struct ReceiverAuditTests {
    private static let credentials: [Vendor: [String: JSONValue]] = [
        .diio: ["signing_secret": .string("s3cret-of-diio")], .conference: ["token": .string("t0ken-of-conference")],
        .webio: ["api_key": .string("k-of-webio"), "organisation_id": .string("o"), "secret": .string(String(repeating: "s", count: 32))],
        .voiso: ["key": .string("k-of-voiso"), "name": .string("n"), "entity": .string("e")],
        .standard: ["secret": .string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
    ]

    private func audit(_ vendor: Vendor, checks: Bool) throws -> [AuditCase: AuditResult] {
        var settings = EndpointSettings(id: "e", node: "n", url: "", envelope: vendor.envelope, signature: vendor.signature)
        settings.credentials = Self.credentials[vendor] ?? [:]
        let check = try RequestCheck(settings)
        let receiver = try Receiver(server: HTTPServerConfiguration(), check: { checks ? check.verdict($0) : .unchecked })
        let audit = try ReceiverAudit(
            settings,
            url: try EndpointURL("http://127.0.0.1:\(receiver.port)/"),
            vendor: try #require(ScenarioVendor(rawValue: vendor.rawValue)),
            guard: OwnedHostGuard.make(isOwned: false),
            caFile: nil,
            seed: 5
        )
        var results: [AuditCase: AuditResult] = [:]
        try audit.run { results[$0.case] = $0 }
        #expect(receiver.counts.duplicates == 1)
        return results
    }

    @Test(arguments: Vendor.allCases)
    func aReceiverThatChecksDoesWell(vendor: Vendor) throws {
        let results = try audit(vendor, checks: true)
        #expect(results.count == AuditCase.allCases.count)
        for (one, result) in results { #expect(result.verdict != .bad, "\(one): \(result.answer)") }
        #expect((results[.wrongSignature]?.verdict == .skipped) == (vendor == .weseedo))
        #expect((results[.handshake]?.verdict == .good) == (vendor == .diio))
    }

    /// What covers the body covers the broken one too, so that a receiver refuses it for its JSON.
    @Test(arguments: [Vendor.standard, .conference, .webio, .voiso])
    func brokenJSONIsRightlySigned(vendor: Vendor) throws {
        var settings = EndpointSettings(id: "e", node: "n", url: "", envelope: vendor.envelope, signature: vendor.signature)
        settings.credentials = Self.credentials[vendor] ?? [:]
        let check = try RequestCheck(settings)
        let broken = Mutex<[ReceiverVerdict]>([])
        let receiver = try Receiver(
            server: HTTPServerConfiguration(),
            check: { check.verdict($0) },
            observe: { arrival, _ in
                if arrival.identity?.problem != nil { broken.withLock { $0.append(arrival.verdict) } }
            }
        )
        let audit = try ReceiverAudit(
            settings,
            url: try EndpointURL("http://127.0.0.1:\(receiver.port)/"),
            vendor: try #require(ScenarioVendor(rawValue: vendor.rawValue)),
            guard: OwnedHostGuard.make(isOwned: false),
            caFile: nil,
            seed: 5
        )
        try audit.run { _ in }
        // Voiso's key is in the body: where that cannot be read, neither can the key.
        let seen = broken.withLock { $0 }
        #expect(seen.count == 1)
        if vendor != .voiso { #expect(seen == [.valid]) }
    }

    @Test func aReceiverThatChecksNothingIsFoundOut() throws {
        let results = try audit(.diio, checks: false)
        for one in [AuditCase.wrongSignature, .noSignature, .oldTimestamp] { #expect(results[one]?.verdict == .bad) }
        #expect(results[.good]?.verdict == .good)
    }

    /// A receiver that acts twice answers as one that does not.
    @Test func whetherADuplicateWasProcessedTwiceIsNotClaimed() throws {
        let results = try audit(.voiso, checks: true)
        #expect(results[.duplicate]?.verdict == .unknown && results[.duplicate]?.status == 200)
        #expect(AuditCase.duplicate.judge(503) == .bad && AuditCase.duplicate.expectation.contains("answers do not show"))
    }

    @Test func aReceiverThatIsNotThereIsNotJudged() throws {
        for vendor in [Vendor.weseedo, .diio] {
            var settings = EndpointSettings(id: "e", node: "n", url: "", envelope: vendor.envelope, signature: vendor.signature)
            settings.credentials = Self.credentials[vendor] ?? [:]
            let audit = try ReceiverAudit(
                settings,
                url: try EndpointURL("http://127.0.0.1:9/"),
                vendor: try #require(ScenarioVendor(rawValue: vendor.rawValue)),
                guard: OwnedHostGuard.make(isOwned: false),
                caFile: nil,
                seed: 5
            )
            let problem = #expect(throws: SingleRequestProblem.self) {
                try audit.run { #expect($0.verdict == .skipped, "\($0.case) was judged") }
            }
            #expect(problem?.error == .connect)
        }
    }

    @Test func refusalsSayNothingWhileTheGoodRequestIsRefused() {
        let refused = [AuditResult(.good, .bad, status: 401), AuditResult(.wrongSignature, .good, status: 401)]
        #expect(ReceiverAudit.advice(refused)?.contains("refused with 401: check the URL's path, VENDOR and --credential") == true)
        #expect(ReceiverAudit.advice([AuditResult(.good, .good, status: 200)]) == nil)
        #expect(ReceiverAudit.advice([AuditResult(.good, .bad, status: 500)]) == nil)
        #expect(ReceiverAudit.advice([AuditResult(.good, .bad, "no answer")]) == nil)
    }
}
