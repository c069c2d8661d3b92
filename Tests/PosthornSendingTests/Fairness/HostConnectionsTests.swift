@testable import PosthornSending
import Testing

@Suite struct HostConnectionsTests {
    private typealias Way = HostConnections.Way
    private var host = HostConnections(home: 3, shards: 0..<4)

    /// Starts what may start at a moment; says how.
    private mutating func start(_ count: Int = .max, now: Int64 = 0) -> [Way] {
        var ways: [Way] = []
        while ways.count < count, let way = host.way(now: now) {
            host.start(way, now: now)
            ways.append(way)
        }
        return ways
    }

    /// A request that had to open a connection is sent over it and answered; the connection stays.
    private mutating func answer(_ way: Way) {
        host.connected(way, isNew: way.isOpening)
        host.end(Way(shard: way.shard, isOpening: false), .answered, isNew: way.isOpening, now: 0)
    }

    @Test mutating func aColdHostGetsOneHandshakeAndEachAnswerEarnsOneMore() {
        var openedInARound: [Int] = []
        for _ in 0..<4 {
            let round = start()
            openedInARound.append(round.count { $0.isOpening })
            for way in round { answer(way) }
        }
        // The second round has one idle connection and may open two; the third has three and may open four.
        #expect(openedInARound == [1, 2, 4, 8])
        #expect(host.openedCount == 15)
    }

    @Test mutating func anIdleConnectionIsUsedBeforeAnotherIsOpened() {
        for way in start() { answer(way) }
        #expect(start(1) == [Way(shard: 3, isOpening: false)])
        #expect(host.opening == 0)
    }

    @Test mutating func aReceiverThatAcceptsAndIsSlowGetsOneConnectionAfterTheOther() {
        for _ in 0..<5 {
            let ways = start()
            #expect(ways == [Way(shard: 3, isOpening: true)])
            host.connected(ways[0], isNew: true)
        }
        #expect(host.openedCount == 5)
    }

    @Test mutating func requestsToAHostThatDoesNotAnswerStillTimeOutSideBySide() {
        #expect(start(now: 0).count == 1)
        #expect(host.patienceEnds == HostConnections.patienceNanoseconds)
        #expect(host.way(now: HostConnections.patienceNanoseconds - 1) == nil)
        for round in 1...10 { #expect(start(now: Int64(round) * HostConnections.patienceNanoseconds).count == 1) }
        #expect(host.opening == 11)
    }

    @Test(arguments: [
        (HostConnections.Ending.refused, 9), (.disagreed, HostConnections.disagreeingLimit), (.failed, 1),
    ])
    mutating func aFailureEarnsWhatItCosts(_ ending: HostConnections.Ending, _ earned: Int) {
        for _ in 0..<8 {
            let way = start(1)[0]
            host.end(way, ending, isNew: true, now: 0)
        }
        #expect(host.earned == earned)
        #expect(host.opening == 0 && host.isQuiet)
    }

    @Test mutating func requestsThatHangTakeNothingAwayThatWasEarned() {
        for _ in 0..<3 { for way in start() { answer(way) } }
        let earned = host.earned
        let way = start(1)[0]
        host.end(way, .failed, isNew: false, now: 0)
        #expect(host.earned == earned)
        while let way = host.way(now: 0), !way.isOpening { host.start(way, now: 0) }
        let opening = start(1)[0]
        host.end(opening, .failed, isNew: true, now: 0)
        #expect(host.earned == earned / 2)
    }

    @Test mutating func aReceiverThatClosesEachConnectionGetsAsManyHandshakesAsItHasEarned() {
        for _ in 0..<6 {
            let ways = start()
            for way in ways {
                host.connected(way, isNew: true)
                host.closed(shard: way.shard)
                host.end(Way(shard: way.shard, isOpening: false), .answered, isNew: true, now: 0)
            }
        }
        #expect(host.earned == 64 && host.isQuiet)
    }

    @Test mutating func hangingRequestsCrowdOnlySomeHandles() {
        var places: [Int: Int] = [:]
        for _ in 0..<(HostConnections.crowd * 5) {
            let way = start(1)[0]
            places[way.shard, default: 0] += 1
            host.connected(way, isNew: true)
        }
        // One handle after the other from home on; when all are crowded, evenly.
        let fifth = HostConnections.crowd / 4
        #expect(places == Dictionary(uniqueKeysWithValues: (0..<4).map { ($0, HostConnections.crowd + fifth) }))
    }

    @Test mutating func aRequestThatGoesNowhereChangesNothing() {
        let way = start(1)[0]
        host.cancel(way)
        #expect(host.earned == 1 && host.isQuiet)
    }

    @Test mutating func aConnectionThatWasIdleAfterAllIsNotCountedTwice() {
        let way = start(1)[0]
        host.connected(way, isNew: true)
        let second = start(1)[0]
        host.end(Way(shard: 3, isOpening: false), .answered, isNew: true, now: 0)
        host.connected(second, isNew: false)
        host.end(Way(shard: 3, isOpening: false), .answered, isNew: false, now: 0)
        #expect(host.openedCount == 1)
        host.closed(shard: 3)
        #expect(host.isQuiet)
    }
}
