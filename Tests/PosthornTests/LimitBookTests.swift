import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn

/// Limits of nodes' trees, and of all endpoints together, decided by values alone.
@Suite struct LimitBookTests {
    private let start = Timestamp(milliseconds: 1_594_816_394_000)

    /// An engine that has everything to send that it may, in steps of the test clock.
    private struct Engine {
        var book = LimitBook()
        var now: Timestamp
        /// Endpoints whose deliveries are read again.
        var readable: Set<Int> = []
        var sent: [Int: Int] = [:]
        /// How long each delivery is under way, and those that are.
        var milliseconds: Int64 = 0
        var underWay: [(endpoint: Int, end: Int64)] = []
        var mostUnderWay: [Int: Int] = [:]

        mutating func run(_ endpoints: [Int], milliseconds length: Int64, step: Int64 = 10) {
            let end = now.advanced(byMilliseconds: length)
            while now < end {
                for done in underWay where done.end <= now.milliseconds { book.finish(done.endpoint) }
                underWay.removeAll { $0.end <= now.milliseconds }
                readable.formUnion(book.next(at: now, waits: { _ in true }, isReading: { _ in false }))
                for endpoint in endpoints {
                    readable.insert(endpoint)
                    while readable.contains(endpoint) {
                        guard book.mayStart(endpoint) else {
                            readable.remove(endpoint)
                            break
                        }
                        book.take(endpoint)
                        sent[endpoint, default: 0] += 1
                        underWay.append((endpoint, now.milliseconds + milliseconds))
                        mostUnderWay[endpoint] = max(mostUnderWay[endpoint] ?? 0, underWay.count { $0.endpoint == endpoint })
                        if milliseconds == 0 {
                            book.finish(endpoint)
                            underWay.removeLast()
                        }
                    }
                }
                now = now.advanced(byMilliseconds: step)
            }
        }

        func sum(_ endpoints: [Int]) -> Int { endpoints.reduce(0) { $0 + (sent[$1] ?? 0) } }
    }

    private let tree: [String: DeliveryLimits] = [
        "r": DeliveryLimits(ratePerSecond: 100), "c1": DeliveryLimits(ratePerSecond: 30), "c3": DeliveryLimits(inFlightLimit: 5),
    ]

    /// An endpoint at a company of the reseller r.
    private func seat(
        _ index: Int,
        at company: String,
        limits: [String: DeliveryLimits],
        all: DeliveryLimits? = nil,
        rate: Double? = nil,
        atOnce: Int = 64,
        isOwn: Bool = true
    ) -> LimitBook.Seat {
        let owners = ["r", company]
        var binding: [(node: String?, depth: Int, limits: DeliveryLimits)] = []
        for (i, node) in owners.enumerated().reversed() { if let limit = limits[node] { binding.append((node, i + 1, limit)) } }
        if let all { binding.append((nil, 0, all)) }
        return LimitBook.Seat(
            index: index,
            key: Int64(index),
            limits: binding,
            owners: owners,
            ratePerSecond: rate,
            inFlightLimit: atOnce,
            isOwn: isOwn
        )
    }

    private func engine(_ seats: [LimitBook.Seat]) -> Engine {
        var engine = Engine(now: start)
        _ = engine.book.follow(whole: seats, held: { _ in 0 }, at: start)
        return engine
    }

    private func isWithin2Percent(_ count: Int, _ wanted: Double) -> Bool { abs(Double(count) - wanted) <= wanted * 0.02 }

    @Test func aTreesRateIsKeptOverAMinuteWithNestedLimitsAllBinding() {
        let c1 = Array(0..<10)
        let c2 = Array(10..<12)
        var engine = engine(c1.map { seat($0, at: "c1", limits: tree) } + c2.map { seat($0, at: "c2", limits: tree) })
        engine.run(c1 + c2, milliseconds: 60_000)
        #expect(isWithin2Percent(engine.sum(c1), 30 * 60))
        #expect(isWithin2Percent(engine.sum(c1 + c2), 100 * 60))
        // In turn, so none of a company waits longer than another.
        for endpoint in c1 { #expect(isWithin2Percent(engine.sum([endpoint]), 180) || abs(engine.sum([endpoint]) - 180) <= 31) }
    }

    @Test func companiesShareTheirResellersRateWhateverTheyHaveOfEndpoints() {
        let many = Array(0..<50)
        let limits = ["r": DeliveryLimits(ratePerSecond: 100)]
        var engine = engine(many.map { seat($0, at: "c1", limits: limits) } + [seat(50, at: "c2", limits: limits)])
        engine.run(many + [50], milliseconds: 60_000)
        #expect(isWithin2Percent(engine.sum(many + [50]), 6000))
        #expect(abs(engine.sum([50]) - 3000) <= 120)
    }

    @Test(arguments: [DeliveryLimits(ratePerSecond: 2000), DeliveryLimits(inFlightLimit: 30)])
    func companiesShareALimitThatLetsManyGoAtATime(_ limit: DeliveryLimits) {
        let many = Array(0..<50)
        var engine = engine(many.map { seat($0, at: "c1", limits: ["r": limit]) } + [seat(50, at: "c2", limits: ["r": limit])])
        engine.milliseconds = 10
        // What a second saves up goes to who comes first.
        engine.run(many + [50], milliseconds: 1000)
        let before = (one: engine.sum([50]), all: engine.sum(many + [50]))
        engine.run(many + [50], milliseconds: 10_000)
        let all = engine.sum(many + [50]) - before.all
        // All that is allowed, half of it for the company with one endpoint.
        #expect(all >= (limit.ratePerSecond == nil ? 29_000 : 19_600))
        #expect(abs((engine.sum([50]) - before.one) * 2 - all) <= all / 20)
    }

    @Test func whatACompanyDoesNotUseOfItsTurnsGoesToOthers() {
        let limits = ["r": DeliveryLimits(ratePerSecond: 1000)]
        let many = Array(0..<50)
        var engine = engine(many.map { seat($0, at: "c1", limits: limits) } + [seat(50, at: "c2", limits: limits)])
        // One delivery every 100 ms is all that it has.
        for _ in 0..<100 {
            engine.run(many, milliseconds: 90)
            engine.run(many + [50], milliseconds: 10)
        }
        #expect(engine.sum(many + [50]) >= 9800)
    }

    @Test func theLimitOfAllEndpointsBindsAboveThoseOfNodes() {
        let all = DeliveryLimits(ratePerSecond: 20)
        var engine = engine([0, 1].map { seat($0, at: "c\($0)", limits: tree, all: all) })
        engine.run([0, 1], milliseconds: 60_000)
        #expect(isWithin2Percent(engine.sum([0, 1]), 1200))
        #expect(engine.book.binding(at: engine.now).map(\.node).contains(nil))
    }

    @Test func noMoreThanATreesLimitAreUnderWay() {
        var engine = engine((0..<4).map { seat($0, at: "c3", limits: ["c3": DeliveryLimits(inFlightLimit: 5)]) })
        engine.milliseconds = 100
        var most = 0
        for _ in 0..<100 {
            engine.run(Array(0..<4), milliseconds: 10)
            most = max(most, engine.underWay.count)
        }
        #expect(most == 5)
        // Five at once, 100 ms each.
        #expect(abs(engine.sum(Array(0..<4)) - 50) <= 5)
    }

    @Test func whatWaitsForAnEndpointsOwnLimitsHoldsNothingOfItsTrees() {
        let limits = ["c1": DeliveryLimits(inFlightLimit: 10)]
        // One that gets a request a second, and one that answers at once with two at a time.
        var engine = engine([seat(0, at: "c1", limits: limits, rate: 1), seat(1, at: "c1", limits: limits, atOnce: 2)])
        engine.milliseconds = 20
        engine.run([0, 1], milliseconds: 10_000)
        #expect((10...11).contains(engine.sum([0])))
        #expect(engine.sum([1]) > 900 && engine.mostUnderWay[1] == 2)
    }

    @Test func aLimitIsDividedByTheEndpointsThatEachEngineHas() {
        let limits = ["r": DeliveryLimits(ratePerSecond: 100, inFlightLimit: 10)]
        let isOwn = [true, true, true, false]
        let engines = [true, false].map { side in
            var engine = engine((0..<4).map { seat($0, at: "c\($0)", limits: limits, isOwn: isOwn[$0] == side) })
            engine.milliseconds = 10
            engine.run((0..<4).filter { isOwn[$0] == side }, milliseconds: 60_000)
            return engine.sum(Array(0..<4))
        }
        #expect(isWithin2Percent(engines[0], 4500) && isWithin2Percent(engines[1], 1500))
        // All of it where one has them all, by its next minute.
        var whole = engine((0..<4).map { seat($0, at: "c\($0)", limits: limits, isOwn: isOwn[$0]) })
        whole.milliseconds = 10
        whole.book.follow(isOwn: { _ in true })
        whole.run(Array(0..<4), milliseconds: 60_000)
        #expect(isWithin2Percent(whole.sum(Array(0..<4)), 6000))
    }

    @Test func aChangeOfTheHierarchyLetsThoseGoOnThatWaited() {
        var engine = engine([seat(0, at: "c1", limits: tree), seat(1, at: "c2", limits: [:])])
        engine.run([0, 1].filter { $0 == 0 }, milliseconds: 100)
        let waits = !engine.book.mayStart(0)
        #expect(waits && engine.book.mayStart(1))
        #expect(
            engine.book.binding(at: engine.now) == [
                BindingLimit(node: "c1", limits: DeliveryLimits(ratePerSecond: 30), inFlight: 0, waitingEndpoints: 1)
            ]
        )
        #expect(engine.book.follow(whole: [seat(0, at: "c1", limits: [:])], held: { _ in 0 }, at: engine.now) == [0])
        #expect(engine.book.isEmpty && engine.book.mayStart(0) && engine.book.deadline(at: engine.now) == nil)
    }

    @Test func whatIsUnderWayMovesWithItsEndpoint() {
        let limits = ["c3": DeliveryLimits(inFlightLimit: 2)]
        var engine = engine([seat(0, at: "c3", limits: limits), seat(1, at: "c3", limits: limits)])
        engine.book.take(0)
        engine.book.take(0)
        let isFull = !engine.book.mayStart(1)
        // It moves away, with its requests.
        let waited = engine.book.follow(seat(0, at: "c2", limits: limits), held: 2)
        #expect(isFull && !waited)
        let next = engine.book.next(at: start.advanced(byMilliseconds: 100), waits: { _ in true }, isReading: { _ in false })
        // Nothing ends at c3 by that; its place is free all the same.
        #expect(next == [1])
    }

    @Test func whoHasUsedATurnKeepsNobodyWaitingThoughItIsReadAgain() {
        let limits = ["c3": DeliveryLimits(inFlightLimit: 1)]
        var book = LimitBook()
        _ = book.follow(whole: [0, 1].map { seat($0, at: "c3", limits: limits) }, held: { _ in 0 }, at: start)
        let first = book.mayStart(0)
        book.take(0)
        let others = [0, 1].map { book.mayStart($0) }
        book.finish(0)
        // Both are read all the time, as after a result; the clock stays where it is.
        let one = book.next(at: start, waits: { _ in true }, isReading: { _ in true })
        let stillReading = book.next(at: start, waits: { _ in true }, isReading: { _ in true })
        let goes = book.mayStart(0)
        book.take(0)
        book.finish(0)
        let next = book.next(at: start, waits: { _ in true }, isReading: { _ in true })
        #expect(first && others == [false, false] && one == [0] && stillReading.isEmpty && goes && next == [1])
    }

    @Test func aClockThatIsPutBackStopsNothing() {
        var engine = engine([seat(0, at: "c1", limits: tree)])
        engine.run([0], milliseconds: 2000)
        engine.now = engine.now.advanced(byMilliseconds: -3_600_000)
        let before = engine.sum([0])
        engine.run([0], milliseconds: 60_000)
        #expect(isWithin2Percent(engine.sum([0]) - before, 1800))
    }

    @Test func aLimitThatHoldsNothingBackDoesNotBind() {
        var engine = engine([seat(0, at: "c1", limits: tree)])
        engine.run([0], milliseconds: 2000)
        #expect(engine.book.binding(at: engine.now).map(\.node) == ["c1"])
        _ = engine.book.next(at: engine.now.advanced(byMilliseconds: 2000), waits: { _ in false }, isReading: { _ in false })
        #expect(engine.book.binding(at: engine.now.advanced(byMilliseconds: 10_100)).isEmpty)
    }
}
