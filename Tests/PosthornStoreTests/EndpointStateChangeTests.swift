import PosthornModel
import PosthornStore
import Testing

/// What a handshake's answer and people make of an endpoint's state.
@Suite struct EndpointStateChangeTests {
    @Test(arguments: EndpointState.allCases)
    func anAnswerCountsForAnUnverifiedEndpointAlone(_ state: EndpointState) {
        let change = EndpointStanding(state: state, revision: 4).afterHandshake(ofRevision: 4, failure: nil)
        #expect(change == (state == .unverified ? EndpointStateChange(state: .active, reason: nil) : nil))
    }

    @Test func anAnswerOfTheURLBeforeCountsForNothing() {
        #expect(EndpointStanding(state: .unverified, revision: 5).afterHandshake(ofRevision: 4, failure: nil) == nil)
        #expect(EndpointStanding(state: .unverified, revision: 5).afterHandshake(ofRevision: 4, failure: "404") == nil)
    }

    @Test func aFailureIsNotedAndChangesNoRoute() throws {
        let change = try #require(EndpointStanding(state: .unverified, revision: 4).afterHandshake(ofRevision: 4, failure: "404"))
        #expect(change == EndpointStateChange(state: .unverified, reason: "404", changesRoutes: false))
    }

    @Test(arguments: [
        (EndpointState.active, true, SignatureScheme.none, nil), (.active, false, .none, EndpointState.disabled),
        (.unverified, true, .diio, nil), (.unverified, false, .diio, .disabled),
        (.disabled, true, .none, .active), (.disabled, true, .diio, .unverified), (.disabled, false, .none, nil),
        (.removed, true, .none, nil), (.removed, false, .none, nil),
    ])
    func switching(_ from: EndpointState, _ isOn: Bool, _ signature: SignatureScheme, _ to: EndpointState?) {
        var settings = EndpointSettings(id: "crm", node: "n", url: "https://crm.example/")
        settings.signature = signature
        let endpoint = StoredEndpoint(key: 1, revision: 1, settings: settings, state: from, stateReason: nil)
        let change = endpoint.switched(on: isOn, reason: "why")
        #expect(change?.state == to)
        // What its receiver asked for stays while it is off.
        if let change { #expect(change.reason == "why" && change.changesRoutes && change.liftsThrottle == isOn) }
    }
}
