import Testing

@testable import PosthornLab

@Suite struct IdleShareTests {
    private let window = IdleShare.window

    @Test func aWindowIsToldWhenItIsFull() {
        var share = IdleShare(start: 0)
        #expect(share.waited(window / 4, now: window / 2) == nil)
        #expect(share.waited(window / 4, now: window) == 50)
    }

    @Test func theNextWindowBeginsAnew() {
        var share = IdleShare(start: 0)
        _ = share.waited(window, now: window)
        #expect(share.waited(0, now: 2 * window) == 0)
    }

    @Test func aLongWaitIsOneWindow() {
        var share = IdleShare(start: 0)
        #expect(share.waited(50 * window, now: 50 * window) == 100)
        #expect(share.waited(0, now: 51 * window - 1) == nil)
    }

    @Test func workWithoutWaitingIsNoIdleness() {
        var share = IdleShare(start: 1000)
        #expect(share.waited(0, now: 1000 + window) == 0)
    }
}
