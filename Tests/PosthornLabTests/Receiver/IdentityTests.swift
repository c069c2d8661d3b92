import PosthornHTTP
import PosthornModel
import PosthornText
import PosthornFormats
import PosthornTestSupport
import Testing

@testable import PosthornLab

/// A receiver tells two different events apart in every vendor's format, and knows the same one again.
@Suite(.limited()) struct IdentityTests {
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)
    private static let vendors: [Vendor] = Vendor.allCases.filter { IdentityRule.vendor($0.rawValue) != nil }

    private func keys(_ vendor: Vendor, _ events: [Event]) throws -> [UInt64] {
        let rule = try #require(IdentityRule.vendor(vendor.rawValue))
        let composer = try EndpointComposer(LedgerRunTests.settings(vendor), now: Self.now)
        return try events.map { event in
            var request = OutboundRequest()
            try composer.compose(AcceptedEvent(event), attempt: 1, at: Self.now, into: &request)
            return rule.identify(Self.received(request)).key
        }
    }

    private static func received(_ request: OutboundRequest) -> HTTPRequest {
        var headers = HTTPHeaders()
        for line in String(decoding: request.headers, as: UTF8.self).split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers.append(String(parts[0]), String(parts[1].drop { $0 == " " }))
        }
        return HTTPRequest(method: "POST", target: "/hook", headers: headers, body: request.body)
    }

    /// All at one moment, which is the worst for formats that have no id and only a time.
    @Test(arguments: vendors)
    func everyEventOfALoadIsAnother(vendor: Vendor) throws {
        let pool = try EventPool(ScenarioVendor(rawValue: vendor.rawValue) ?? .weseedo, seed: 1, at: Self.now, size: 256) { _ in true }
        let numbers = Array(0..<2000 as Range<UInt64>) + [1_000_000, 100_000_000, 256_000_000_000]
        let keys = try keys(vendor, numbers.map { pool.event($0, id: "e\($0)", created: Self.now) })
        #expect(Set(keys).count == numbers.count)
    }

    @Test(arguments: vendors)
    func everyEventOfABurstIsAnotherAndADuplicateIsNone(vendor: Vendor) throws {
        let scenario = ScenarioVendor(rawValue: vendor.rawValue) ?? .weseedo
        let simulation = Simulation(
            scenario,
            count: 2000,
            pace: .stream(perSecond: 100_000),
            faults: try SimulationFaults("burst=10%,duplicates=10%"),
            seed: 1,
            start: Self.now
        )
        let keys = try keys(vendor, simulation.departures.map(\.event.event))
        #expect(Set(keys).count == 2000)
        #expect(keys.count > 2100)
    }

    @Test func dataWithoutAnIdAreNotTellableWhereTheFormatHasNone() throws {
        let data = Array(#"{"text": "always the same"}"#.utf8)
        for (vendor, isTellable) in [(Vendor.weseedo, true), (.standard, true), (.webio, false)] {
            let content = try LoadContent.events(
                LedgerRunTests.settings(vendor),
                vendor: nil,
                type: try EventPattern("inboundMessage"),
                data: data,
                needsWrong: false,
                seed: 1,
                at: Self.now
            )
            #expect(content.isTellable == isTellable, "\(vendor)")
        }
        #expect(!LoadContent.body([]).isTellable)
    }

    @Test(
        arguments: [
            (#"{"id":"m-x"}"#, #"{"id":"m-x0000000007"}"#), (#"{"a":{"id":1},"id": 12}"#, #"{"a":{"id":1},"id": 10000000007}"#),
            (#"{"host_id":5,"conference_id":1258835}"#, #"{"host_id":5,"conference_id":10000000007}"#),
            (#"{"uuid":"5a0c-ffffffffffff"}"#, #"{"uuid":"5a0c-ff0000000007"}"#), (#"{"id":1.5}"#, nil), (#"{"id":null}"#, nil),
            ("{}", nil),
        ] as [(String, String?)]
    )
    func theIdInTheDataBecomesAnotherAndTheRestStays(_ data: String, _ expected: String?) {
        let made = IdentityStamp(Array(data.utf8)).map { String(decoding: $0.data(7), as: UTF8.self) }
        #expect(made == expected)
    }
}
