import Testing

@testable import PosthornSending

@Suite struct ReuseDoubtTests {
    @Test func anEndpointIsDoubtedForAWhile() {
        var doubt = ReuseDoubt()
        doubt.ended(7, now: 100)
        let last = ReuseDoubt.nanoseconds + 100
        let held = [(7, 100), (8, 100), (7, last - 1), (7, last), (7, 100)].map { doubt.holds(Int64($0.0), now: Int64($0.1)) }
        #expect(held == [true, false, true, false, false])
    }

    @Test func whatIsRememberedIsBounded() {
        var doubt = ReuseDoubt()
        for key in 0...Int64(ReuseDoubt.limit) { doubt.ended(key, now: 0) }
        let held = [0, ReuseDoubt.limit].map { doubt.holds(Int64($0), now: 1) }
        #expect(held == [false, true])
    }
}
