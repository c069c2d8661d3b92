import PosthornModel
import PosthornStore
import PosthornTestSupport
import Synchronization
import Testing
import PosthornText

@testable import Posthorn

/// Receivers that ask to be left alone, by `Retry-After`.
@Suite struct ThrottleBookTests {
    private let start = Timestamp(milliseconds: 1_594_816_394_000)

    private func refusal(wait: Int64?) -> AttemptOutcome {
        AttemptOutcome(started: start, durationMicroseconds: 2000, status: 429, error: .status, retryAfterMilliseconds: wait)
    }

    @Test func onlyAWishToWaitHoldsAnEndpointBack() {
        var book = ThrottleBook()
        let others = [nil, 0].map { book.refused(3, refusal(wait: $0)) }
        #expect(others == [false, false] && book.isEmpty && book.news.isEmpty)
        let wishes = [1000, 1000].map { book.refused(3, refusal(wait: $0)) }
        #expect(wishes == [true, false] && book.news == [3])
        #expect(book.until(3) == start.advanced(byMilliseconds: 1002))
        let mayStart = [3, 4].map { book.mayStart($0, at: start) }
        #expect(mayStart == [false, true])
        #expect(book.nextLook == start.advanced(byMilliseconds: 1002))
    }

    @Test func throttledEndpointsAreReadWhenTheirTimeComes() {
        var book = ThrottleBook()
        _ = book.refused(3, refusal(wait: 1000))
        _ = book.refused(5, refusal(wait: 3000))
        let first = start.advanced(byMilliseconds: 1002)
        let looks = [start, first].map { book.look(at: $0, waits: { _ in true }) }
        #expect(looks == [[], [3]])
        book.take(70, ofEndpoint: 3)
        let mayStart = book.mayStart(3, at: first)
        #expect(!mayStart)
        // A second later, and when the clock was put back.
        let later = [first.advanced(byMilliseconds: 1000), start].map { book.look(at: $0, waits: { $0 == 3 }) }
        #expect(later == [[3], []])
        let end = book.look(at: start.advanced(byMilliseconds: 601_002), waits: { _ in true })
        #expect(end.sorted() == [3, 5] && book.until(3) == nil && book.until(5) != nil)
        book.forget(5)
        #expect(book.isEmpty)
    }

    @Test func throttledEndpointsAreReadInTurn() {
        var book = ThrottleBook()
        for endpoint in [3, 5, 7] { _ = book.refused(endpoint, refusal(wait: 1000)) }
        let now = start.advanced(byMilliseconds: 1002)
        let first = book.next(at: now, waits: { $0 != 5 })
        #expect(book.hasNext)
        let second = book.next(at: now, waits: { $0 != 5 })
        #expect(Set([first, second]) == [3, 7] && !book.hasNext)
        let third = book.next(at: now, waits: { _ in true })
        #expect(third == nil)
        _ = book.next(at: now.advanced(byMilliseconds: 1000), waits: { _ in true })
        for endpoint in [3, 5, 7] { book.forget(endpoint) }
        #expect(!book.hasNext && book.isEmpty)
    }

    /// Hundreds of endpoints with a backlog are always to be read again; those that are throttled have their turns all the same.
    @Test func everySecondTurnIsForUnthrottledEndpoints() {
        var book = ThrottleBook()
        for endpoint in [3, 5] { _ = book.refused(endpoint, refusal(wait: 1000)) }
        let now = start.advanced(byMilliseconds: 1002)
        var given: [Int] = []
        var hungry: Set<Int> = []
        for _ in 0..<4 {
            guard book.hasTurn(isReadingAgain: true, hasCapacity: { hungry.contains($0) }),
                let next = book.next(at: now, waits: { _ in true })
            else { continue }
            given.append(next)
        }
        #expect(given.sorted() == [3, 5])
        // The one that was given out last has not been read yet.
        hungry = [given[1]]
        let turns = (0..<3).map { _ in book.hasTurn(isReadingAgain: true, hasCapacity: { hungry.contains($0) }) }
        #expect(turns == [false, false, false])
        let idle = book.hasTurn(isReadingAgain: false, hasCapacity: { _ in true })
        #expect(idle)
        book.forget(given[1])
        let free = book.hasTurn(isReadingAgain: true, hasCapacity: { hungry.contains($0) })
        #expect(free)
    }

    @Test func noTimeThatHasPassedWakesTheWriterWhileOthersAreRead() {
        var book = ThrottleBook()
        _ = book.refused(3, refusal(wait: 1000))
        let due = start.advanced(byMilliseconds: 1002)
        #expect([true, false].map { book.deadline(at: start, isReadingAgain: $0) } == [due, due])
        let later = due.advanced(byMilliseconds: 5000)
        #expect(book.deadline(at: later, isReadingAgain: true) > later)
        #expect(book.deadline(at: later, isReadingAgain: false) == due)
    }

    /// One that came back from the senders has not gone out: another may go at once, and not when the first has been waited for.
    @Test func aProbeThatWasTakenBackIsFollowedByAnother() {
        var book = ThrottleBook()
        _ = book.suspend(3, milliseconds: 0, started: start, ended: start)
        func mayStart() -> Bool { book.mayStart(3, at: start) }
        let first = mayStart()
        book.take(70, ofEndpoint: 3)
        let second = mayStart()
        #expect(first && !second)
        // The end of what was on the wire before says nothing of the probe.
        let returned = [69, 70, 70].map { book.returned($0, ofEndpoint: 3) }
        #expect(returned == [false, true, false])
        let third = mayStart()
        book.take(71, ofEndpoint: 3)
        // A refusal of a request of before does not let a second one go beside it.
        _ = book.suspend(3, milliseconds: 0, started: start, ended: start)
        let fourth = mayStart()
        #expect(third && !fourth)
    }

    /// A failure that says nothing of the receiver, and one of an endpoint that nothing suspends, do not start the next at once.
    @Test func aProbeThatFailedIsFollowedByAPause() {
        var book = ThrottleBook()
        _ = book.suspend(3, milliseconds: 0, started: start, ended: start)
        book.take(70, ofEndpoint: 3)
        let failure = AttemptOutcome(started: start, durationMicroseconds: 2000, error: .resources)
        let isReadAgain = book.ended(70, ofEndpoint: 3, failure, pause: 60_000)
        let starts = [0, 60_001, 60_002].map { book.mayStart(3, at: start.advanced(byMilliseconds: $0)) }
        #expect(isReadAgain && starts == [false, false, true])
        // A longer pause of a suspension that follows counts.
        _ = book.suspend(3, milliseconds: 120_000, started: start, ended: start)
        #expect(book.until(3) == start.advanced(byMilliseconds: 120_000))
    }

    /// Nothing is due for it, or its probe is on the wire: the writer has nothing to look for, however long ago the pause ended.
    @Test(arguments: [true, false]) func aProbeThatIsWaitedForWakesNobody(isUnderWay: Bool) {
        var book = ThrottleBook()
        _ = book.suspend(3, milliseconds: 1000, started: start, ended: start)
        let later = start.advanced(byMilliseconds: 1000 + Throttle.memoryMilliseconds + 1)
        if isUnderWay { book.take(70, ofEndpoint: 3) }
        let found = book.look(at: later, waits: { _ in isUnderWay })
        #expect(found.isEmpty && book.deadline(at: later, isReadingAgain: false) > later)
    }

    @Test func throttlesThatTheOutboxDroppedAreForgotten() {
        var book = ThrottleBook()
        for endpoint in [3, 5] { _ = book.refused(endpoint, refusal(wait: 1000)) }
        book.told()
        // Not written down yet.
        _ = book.refused(7, refusal(wait: 1000))
        let lifted = book.forgetLifted(isWritten: { $0 == 3 })
        #expect(lifted == [5] && book.until(3) != nil && book.until(5) == nil && book.until(7) != nil)
    }

    /// Without a pause the next probe is with the senders before they hear that what waited there is to come back.
    @Test(.onEachStore) func probesThatFollowAtOnceLoseNoDelivery() throws {
        let answered = Atomic(0)
        let receiver = try MisbehavingReceiver { _ in answered.wrappingAdd(1, ordering: .relaxed).newValue > 60 ? .ok : .status(503) }
        let bench = try EngineBench()
        var settings = EndpointSettings(id: "a", node: "s", url: receiver.url)
        settings.health = HealthSettings(suspendAfter: 2)
        try bench.apply([settings])
        for number in 0..<200 { _ = try bench.outbox.emit(NewEvent(id: "e\(number)", type: "T", node: "s", data: "{}")) }
        try bench.engine(untilSettled: true, speed: 1e9).run()
        let deliveries = try bench.deliveries()
        #expect(deliveries.count == 200 && deliveries.allSatisfy { $0.state == .delivered || $0.state == .exhausted })
        #expect(deliveries.reduce(0) { $0 + $1.attempts } == receiver.requests.count)
    }

    /// A new URL, and a hand that disables and enables, end what a wrong answer has asked for.
    @Test(.onEachStore, arguments: [true, false]) func aThrottleIsLiftedByHand(moves: Bool) throws {
        let isWell = Mutex(false)
        let receiver = try MisbehavingReceiver { request in
            if request.target.hasSuffix("/new") { return .ok }
            return isWell.withLock { $0 } ? .ok : .status(503, headers: [("Retry-After", "86400")])
        }
        let bench = try EngineBench(clock: TestClock())
        func apply(_ path: String) throws { try bench.apply([EndpointSettings(id: "a", node: "s", url: "\(receiver.url)/\(path)")]) }
        try apply("old")
        let engine = try bench.engine()
        try engine.start()
        _ = try bench.outbox.emit(NewEvent(id: "x", type: "T", node: "s", data: "{}"))
        #expect(bench.waitFor("the refusal", where: { $0.isFailure(.pending, attempt: 1) }))
        if moves {
            try apply("new")
        } else {
            _ = try bench.outbox.emit(NewEvent(id: "waits", type: "T", node: "s", data: "{}"))
            isWell.withLock { $0 = true }
            for enabled in [false, true] { _ = try bench.outbox.setEnabled(enabled, endpoint: "a") }
        }
        #expect(try bench.outbox.throttledEndpoints().isEmpty)
        _ = try bench.outbox.emit(NewEvent(id: "y", type: "T", node: "s", data: "{}"))
        let count = moves ? 2 : 3
        #expect(receiver.waitForRequests(count).count == count)
        try engine.stop()
    }

    /// Its place is gone before the engine hears of the change.
    @Test(.onEachStore) func removingAThrottledEndpointLeavesTheEngineRunning() throws {
        let receiver = try MisbehavingReceiver { request in
            request.target.hasSuffix("/busy") ? .status(503, headers: [("Retry-After", "7200")]) : .ok
        }
        let bench = try EngineBench(clock: TestClock())
        try bench.apply([
            EndpointSettings(id: "busy", node: "s", url: "\(receiver.url)/busy"),
            EndpointSettings(id: "other", node: "s", url: "\(receiver.url)/other"),
        ])
        let engine = try bench.engine()
        try engine.start()
        _ = try bench.outbox.emit(NewEvent(id: "first", type: "T", node: "s", data: "{}"))
        #expect(bench.waitFor("the refusal", where: { $0.isFailure(.pending, attempt: 1) }))
        #expect(try bench.outbox.remove(endpoint: "busy", cancelsWaiting: true) == 1)
        _ = try bench.outbox.emit(NewEvent(id: "second", type: "T", node: "s", data: "{}"))
        #expect(receiver.waitForRequests(3).count == 3)
        try engine.stop()
    }

    /// One refusal holds back all of the endpoint's deliveries and nobody else's, across a restart too.
    @Test(.onEachStore) func aRefusalHoldsTheWholeEndpointBackAcrossARestart() throws {
        let isWell = Mutex(false)
        let receiver = try MisbehavingReceiver { request in
            request.target.hasSuffix("/busy") && !isWell.withLock { $0 } ? .status(503, headers: [("Retry-After", "7200")]) : .ok
        }
        let clock = TestClock()
        let bench = try EngineBench(clock: clock)
        try bench.apply([
            EndpointSettings(id: "busy", node: "s", url: "\(receiver.url)/busy"),
            EndpointSettings(id: "other", node: "s", url: "\(receiver.url)/other"),
        ])
        func emit(_ count: Int, _ name: String) throws {
            _ = try bench.outbox.emit((0..<count).map { NewEvent(id: "\(name)-\($0)", type: "T", node: "s", data: "{}") })
        }
        func waiting() throws -> [Int] { try bench.deliveries().filter { $0.endpoint == "busy" }.map(\.attempts) }
        func delivered(_ id: String) throws -> Int { try bench.deliveries().count { $0.endpoint == id && $0.state == .delivered } }
        var engine = try bench.engine()
        try engine.start()
        try emit(1, "first")
        #expect(bench.waitFor("the refusal", where: { $0.isFailure(.pending, attempt: 1) }))
        try emit(50, "later")
        #expect(receiver.waitForRequests(52).count == 52)
        let until = try #require(try bench.outbox.throttledEndpoints()["busy"])
        #expect(try bench.outbox.throttledEndpoints().count == 1)
        #expect((7_200_000...7_260_000).contains(until.milliseconds - clock.now().milliseconds))
        // The schedule's time comes and goes, and another engine.
        clock.advance(by: 3_600_000)
        try emit(1, "hour")
        #expect(receiver.waitForRequests(53).count == 53)
        try engine.stop()
        #expect(try waiting() == [1] + Array(repeating: 0, count: 51))
        engine = try bench.engine()
        try engine.start()
        try emit(1, "again")
        #expect(receiver.waitForRequests(54).count == 54)
        #expect(receiver.requests.count { $0.target.hasSuffix("/busy") } == 1)
        // Its time has come: one first, and not all in one moment.
        isWell.withLock { $0 = true }
        clock.set(until)
        #expect(receiver.waitForRequests(55).count == 55)
        try emit(1, "then")
        #expect(receiver.waitForRequests(56).count == 56)
        #expect(receiver.requests.count { $0.target.hasSuffix("/busy") } == 2)
        #expect(try bench.outbox.throttledEndpoints().isEmpty)
        while receiver.requests.count < 109 {
            let before = receiver.requests.count
            clock.advance(by: 1000)
            try #require(receiver.waitForRequests(before + 1).count > before)
        }
        try engine.stop()
        #expect(try delivered("busy") == 54 && delivered("other") == 54)
    }
}
