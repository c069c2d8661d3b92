import Testing

@testable import PosthornHTTP

@Suite struct DeadlineTableTests {
    private var table = DeadlineTable { [.idle: 100, .head: 10][$0] }

    @Test mutating func theShorterLimitEndsFirst() {
        table.start(.idle, slot: 0, now: 0)
        table.start(.head, slot: 1, now: 0)
        #expect(table.next == 10_000_000)
        #expect(table.expired(now: 9_999_999) == nil)
        #expect(table.expired(now: 10_000_000)?.slot == 1)
        #expect(table.expired(now: 10_000_000)?.timer == .head)
    }

    @Test mutating func startingAgainProlongs() {
        table.start(.idle, slot: 0, now: 0)
        table.start(.idle, slot: 1, now: 5)
        table.start(.idle, slot: 0, now: 9)
        #expect(table.slots(under: .idle, atMost: 9) == [1, 0])
        #expect(table.next == 100_000_005)
    }

    @Test mutating func removingADeadlineKeepsTheOthersInOrder() {
        for slot in 0..<5 { table.start(.idle, slot: slot, now: Int64(slot)) }
        table.remove(slot: 2)
        table.start(.head, slot: 0, now: 5)
        table.remove(slot: 4)
        table.remove(slot: 77)
        #expect(table.slots(under: .idle, atMost: 9) == [1, 3])
        #expect(table.slots(under: .idle, atMost: 1) == [1])
        #expect(table.timer(slot: 2) == .none)
        #expect(table.timer(slot: 0) == .head)
    }

    /// A client that sends request after request and reads no answer runs out of time all the same.
    @Test func aNewRequestProlongsEachLimitButThatOnReadingAnswers() {
        for timer in ConnectionTimer.allCases {
            #expect(!timer.restarts(from: timer, isNewTurn: false))
            #expect(timer.restarts(from: timer, isNewTurn: true) == (timer != .answerProgress))
            for other in ConnectionTimer.allCases where other != timer { #expect(timer.restarts(from: other, isNewTurn: false)) }
        }
    }

    @Test mutating func aLimitWithoutLengthNeverEnds() {
        table.start(.handler, slot: 3, now: 0)
        #expect(table.next == nil)
        #expect(table.expired(now: .max - 1) == nil)
    }
}
