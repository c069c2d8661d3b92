import PosthornModel
import PosthornText
import Testing

@Suite struct KnownEventTypeTests {
    @Test func eachTypeIsThereOnceAndIsOne() throws {
        for vendor in Vendor.allCases {
            let types = KnownEventType.all(of: vendor)
            #expect(Set(types.map(\.type)).count == types.count, "\(vendor)")
            for type in types {
                try EventType.check(type.type)
                #expect(type.summary.hasSuffix("."), "\(type.type)")
                guard case .object(let members) = type.example else {
                    Issue.record("the example of \(type.type) is no object")
                    continue
                }
                #expect(!members.isEmpty, "\(type.type)")
            }
        }
    }

    @Test func weseedoHasTheTypesOfItsPageAndOfWhatIsGoneOnlyTheID() {
        let known = KnownEventType.all(of: .weseedo)
        #expect(Set(known.map(\.type)) == Set(EventType.weseedo))
        for type in known where type.type.hasSuffix("_DELETED") {
            guard case .object(let members) = type.example else { continue }
            #expect(members.map(\.key) == ["id"])
        }
        let lowest = Dictionary(uniqueKeysWithValues: known.map { ($0.type, $0.lowestLevel) })
        #expect(lowest["MEETING_WAIT"] == .site && lowest["USER_CREATED"] == .company && lowest["DEALER_CHANGED"] == .reseller)
    }
}
