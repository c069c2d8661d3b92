import PosthornModel
import PosthornSystem
import PosthornTestSupport
import Testing

@testable import PosthornSending

/// Which of a name's addresses are used, with listeners of this machine.
@Suite(.limited()) struct AddressTrialTests {
    private static let (first, second, six) = (NetworkAddress("127.0.0.1")!, NetworkAddress("127.0.0.2")!, NetworkAddress("::1")!)

    @Test func oneThatRefusesIsLeftOutBesideOneThatDoesNot() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let trial = AddressTrial.of([Self.second, Self.six, Self.first], port: receiver.port)
        #expect(trial.used == [Self.first] && trial.leftOut.map(\.address) == [Self.second, Self.six])
        #expect(trial.leftOut.first?.reason == "Connection refused")
        #expect(receiver.requests.isEmpty)
    }

    @Test func whereNoneTakesAConnectionAllAreUsed() throws {
        // Another address has the port, so that nothing else gets it meanwhile.
        let receiver = try MisbehavingReceiver { _ in .ok }
        let others = [Self.second, NetworkAddress("127.0.0.3")!]
        let trial = AddressTrial.of(others, port: receiver.port)
        #expect(trial.used == others && trial.leftOut.isEmpty)
    }

    /// A receiver counts its connections, and a load has no use for one more.
    @Test func anAddressAloneIsNotTried() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let trial = AddressTrial.of([Self.second], port: receiver.port)
        #expect(trial.used == [Self.second] && trial.leftOut.isEmpty && AddressTrial.of([], port: 1).used.isEmpty)
    }

    @Test func theReasonsDecide() {
        let trial = AddressTrial([(Self.six, "no answer"), (Self.first, nil), (Self.second, nil)])
        #expect(trial.used == [Self.first, Self.second] && trial.leftOut == [.init(address: Self.six, reason: "no answer")])
        #expect(AddressTrial([(Self.six, "a"), (Self.first, "b")]).used == [Self.six, Self.first])
    }
}
