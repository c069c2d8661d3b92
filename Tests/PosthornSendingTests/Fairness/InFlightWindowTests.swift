@testable import PosthornSending
import Testing

@Suite struct InFlightWindowTests {
    private let ten: Int64 = 10_000_000

    private func window(young: Int = 8, slow: Int = 8, opening: Int = 8, largeBytes: Int = 0) -> InFlightWindow {
        InFlightWindow(
            youngLimit: young,
            slowLimit: slow,
            openingLimit: opening,
            youngNanoseconds: ten,
            openingNanoseconds: 10 * ten,
            largeByteLimit: largeBytes
        )
    }

    @Test func aRequestThatWaitsForAConnectionIsNotSlow() {
        var window = self.window(opening: 2)
        window.start(slot: 0, isOpening: true, now: 0)
        window.start(slot: 1, isOpening: true, now: 1)
        window.age(now: 2 * ten)
        #expect((window.openingCount, window.youngCount, window.slowCount) == (2, 0, 0))
        #expect(window.isOpen && !window.mayOpen)
        #expect(window.nextAgeing == nil)
        #expect(window.nextOpeningAgeing == 10 * ten)
        // Its receiver's time begins with the connection.
        window.connected(slot: 0, now: 2 * ten)
        #expect(window.mayOpen && window.youngCount == 1 && window.nextAgeing == 3 * ten)
        window.age(now: 11 * ten)
        #expect((window.openingCount, window.youngCount, window.slowCount) == (0, 0, 2))
        // A handshake that took too long for its class was only slow until it was done.
        window.connected(slot: 1, now: 11 * ten)
        #expect((window.youngCount, window.slowCount) == (1, 1))
        for slot in 0..<2 { window.finish(slot: slot) }
        #expect(window.count == 0)
    }

    @Test func requestNeedingAConnectionWaitsForAHandshakeSlot() {
        var window = self.window(young: 2, opening: 1)
        #expect(window.mayStart(isOpening: true) && window.mayStart(isOpening: false))
        window.start(slot: 0, isOpening: true, now: 0)
        #expect(!window.mayStart(isOpening: true) && window.mayStart(isOpening: false))
        window.connected(slot: 0, now: 1)
        #expect(window.mayStart(isOpening: true))
        window.start(slot: 1, now: 1)
        #expect(!window.mayStart(isOpening: true) && !window.mayStart(isOpening: false))
    }

    @Test func youngRequestsAreFewAndSlowOnesMany() {
        var window = self.window(young: 2, slow: 4)
        window.start(slot: 0, now: 0)
        window.start(slot: 1, now: 1)
        #expect(!window.isOpen)
        #expect(window.nextAgeing == ten)
        window.age(now: ten)
        #expect(window.isOpen)
        #expect((window.youngCount, window.slowCount) == (1, 1))
        window.age(now: ten + 1)
        window.start(slot: 2, now: ten + 1)
        window.start(slot: 3, now: ten + 1)
        window.age(now: 3 * ten)
        #expect(window.slowCount == 4)
        #expect(!window.isOpen)
        #expect(window.nextAgeing == nil)
        window.finish(slot: 0)
        #expect(window.isOpen)
    }

    @Test func oneNodesRequestsLeaveAQuarterOfThePlacesForTheFirstOfAnother() {
        var window = self.window(young: 8, slow: 8)
        window.isOneNodes(true)
        for slot in 0..<6 { window.start(slot: slot, now: 0) }
        window.age(now: ten)
        #expect(!window.isOpen && !window.mayOpen)
        window.isOneNodes(false)
        #expect(window.isOpen && window.mayOpen)
    }

    @Test func largeRequestsAreBoundedInBytesAndSmallOnesAreNot() {
        var window = self.window(largeBytes: 100_000)
        #expect(window.hasRoom(bytes: 1 << 30))
        window.reserve(bytes: 60_000)
        #expect(window.hasRoom(bytes: 40_000))
        #expect(!window.hasRoom(bytes: 40_001))
        #expect(window.hasRoom(bytes: InFlightWindow.smallBytes))
        window.reserve(bytes: InFlightWindow.smallBytes)
        #expect(window.largeBytes == 60_000)
        window.giveBack(bytes: InFlightWindow.smallBytes)
        window.giveBack(bytes: 60_000)
        #expect(window.largeBytes == 0)
        // One that is larger than the limit goes alone.
        window.reserve(bytes: 1 << 30)
        #expect(!window.hasRoom(bytes: 20_000))
    }

    @Test func requestsMayEndInAnyOrder() {
        var window = self.window()
        for slot in 0..<6 { window.start(slot: slot, now: Int64(slot)) }
        for slot in [3, 0, 5] { window.finish(slot: slot) }
        #expect(window.count == 3)
        #expect(window.nextAgeing == ten + 1)
        window.age(now: ten + 2)
        #expect((window.youngCount, window.slowCount) == (1, 2))
        for slot in [4, 2, 1] { window.finish(slot: slot) }
        #expect(window.count == 0)
        window.start(slot: 2, now: 2 * ten)
        #expect(window.nextAgeing == 3 * ten)
    }
}
