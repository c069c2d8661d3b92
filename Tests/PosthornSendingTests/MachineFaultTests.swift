import Glibc
import PosthornSystem
import Synchronization
import Testing

@testable import PosthornSending

@Suite struct MachineFaultTests {
    private func fault(
        _ number: Int32,
        _ tried: AddressKinds = .four,
        there: AddressKinds = [],
        was: AddressKinds? = nil,
        silent: AddressKinds = [],
        reached: Bool = false
    ) -> MachineFault? {
        let facts = RouteFacts(isThere: there, hasSilentGateway: silent, wasThere: was ?? there, hasReachedOthers: reached)
        return .of(connectError: number, tried: tried, routes: facts)
    }

    @Test(arguments: [ECONNREFUSED, ETIMEDOUT, ECONNRESET, EPERM, EACCES, 0])
    func faultsOfAReceiverAreNotThisMachines(_ number: Int32) { #expect(fault(number) == nil) }

    @Test func aMachineWithoutAnyWayOutHasLostItsRoute() {
        #expect(fault(EADDRNOTAVAIL, .six) == .route)
        for number in [ENETUNREACH, EHOSTUNREACH, ENETDOWN] {
            #expect(fault(number) == .route)
            #expect(fault(number, .both) == .route)
        }
    }

    @Test func oneUnreachableReceiverIsNotTheMachinesFault() {
        for number in [ENETUNREACH, EHOSTUNREACH] {
            // A net behind the default route does not know the host.
            #expect(fault(number, there: .four) == nil)
            // IPv6 alone, on a machine that never had any.
            #expect(fault(number, .six, there: .four) == nil)
            // A public address, in a closed network in which others were reached.
            #expect(fault(number, reached: true) == nil)
            // One kind of its addresses has a way.
            #expect(fault(number, .both, there: .four, was: .both) == nil)
        }
        #expect(fault(EADDRNOTAVAIL, .six, there: .four) == nil)
        // IPv6 is disabled here, and the receiver's IPv4 port is closed.
        #expect(fault(EADDRNOTAVAIL, .both, there: .four) == nil)
        #expect(fault(EADDRNOTAVAIL, .both, reached: true) == nil)
    }

    @Test func aWayThatWasThereIsLost() {
        #expect(fault(ENETUNREACH, was: .four, reached: true) == .route)
        #expect(fault(ENETUNREACH, .six, there: .four, was: .both, reached: true) == .route)
        #expect(fault(ENETUNREACH, .both, there: [], was: .four, reached: true) == nil)
    }

    @Test func aGatewayThatItsLinkDoesNotFindIsTheMachinesFault() {
        for number in [EHOSTUNREACH, ETIMEDOUT] {
            #expect(fault(number, there: .four, silent: .four, reached: true) == .route)
            // The receiver's machine is down, or its net is unknown behind the gateway.
            #expect(fault(number, there: .four, reached: true) == nil)
            // The other kind's gateway is alive.
            #expect(fault(number, .both, there: .both, silent: .six, reached: true) == nil)
        }
        #expect(fault(ECONNREFUSED, there: .four, silent: .four) == nil)
    }

    /// What the kernel answers about a route by a gateway, and about that neighbour, as Linux 6.1 wrote it.
    @Test(arguments: [(UInt8(0x20), true), (0x01, true), (0x02, false), (0x04, false)])
    func theKernelsAnswersAreRead(_ state: UInt8, _ isSilent: Bool) throws {
        let header: [UInt8] = [2, 32, 0, 0, 254, 0, 0, 1, 0, 2, 0, 0]
        let attributes: [UInt8] = [8, 0, 1, 0, 198, 41, 0, 4, 8, 0, 4, 0, 7, 0, 0, 0, 8, 0, 5, 0, 10, 9, 0, 1]
        let route: [UInt8] = [52, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + header + attributes
        let found = try #require(GatewayProbe.gateway(in: route))
        #expect(found.gateway == [10, 9, 0, 1] && found.link == 7)
        let neighbour: [UInt8] = [28, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, state, 0, 0, 1]
        #expect(GatewayProbe.isSilent(neighbour) == isSilent)
        // An error, an answer that is cut off, and one about something else say nothing.
        #expect(GatewayProbe.gateway(in: neighbour) == nil && !GatewayProbe.isSilent(route))
        for length in 0..<route.count - 4 { #expect(GatewayProbe.gateway(in: Array(route.prefix(length))) == nil) }
        for length in 0..<neighbour.count { #expect(!GatewayProbe.isSilent(Array(neighbour.prefix(length)))) }
    }

    @Test func addressesThatNoRouteLeadsToAreLeftOut() throws {
        let (four, six) = (try #require(NetworkAddress("127.0.0.1")), try #require(NetworkAddress("::1")))
        #expect(RouteWatch.reachable([four]) == [four] && RouteWatch.reachable([six]) == [six])
        // An address of documentation (RFC 3849) that nobody routes, unless this machine has IPv6 to the world.
        let nowhere = try #require(NetworkAddress("2001:db8::1"))
        let isRouted = RouteWatch.waysOut().contains(.six)
        #expect(RouteWatch.reachable([nowhere, four]) == (isRouted ? [nowhere, four] : [four]))
    }

    @Test func portsThatRunOutAreNamed() {
        #expect(fault(EADDRNOTAVAIL, there: .four) == .ports)
        #expect(fault(EADDRNOTAVAIL) == .ports)
        #expect(fault(EADDRNOTAVAIL, .both, there: .both) == .ports)
        #expect(fault(EADDRINUSE, .six, there: .both) == .ports)
        #expect(fault(EADDRNOTAVAIL, [], there: .four) == nil)
    }

    @Test func theRoutesAreLookedAtAgainAfterAMoment() throws {
        let there = Mutex<AddressKinds>(.both)
        let watch = RouteWatch { (there.withLock { $0 }, .four) }
        let start = MonotonicClock.nanoseconds()
        there.withLock { $0 = .six }
        #expect(watch.facts(now: start).isThere == .both)
        let later = watch.facts(now: start + 2 * RouteWatch.intervalNanoseconds)
        #expect(later == RouteFacts(isThere: .six, hasSilentGateway: .four, wasThere: .both))
        watch.reached(try #require(NetworkAddress("127.0.0.9")))
        #expect(!watch.facts(now: start).hasReachedOthers)
        watch.reached(try #require(NetworkAddress("10.0.0.9")))
        #expect(watch.facts(now: start).hasReachedOthers)
    }
}

@Suite struct FaultGateTests {
    private let interval = FaultGate.tryNanoseconds

    @Test func aFewAreTriedNowAndThen() {
        var gate = FaultGate()
        let news = (0..<3).map { gate.failed(now: Int64($0)) }
        #expect(news == [.begins, nil, nil])
        let tries = [2, interval - 1, interval, 2 * interval - 1].map { gate.mayTry(waiting: 100, now: $0) }
        #expect(tries == [0, 0, FaultGate.firstBatch, 0])
    }

    /// Jobs that meet the fault all the time, for the first time.
    @Test func newFailuresPostponeNoTry() {
        var gate = FaultGate()
        var tries = 0
        for step in 0..<100 {
            _ = gate.failed(now: Int64(step) * interval / 10)
            if gate.mayTry(waiting: 1, now: Int64(step) * interval / 10) > 0 { tries += 1 }
        }
        #expect(tries == 9)
    }

    @Test func machineFaultLetsMoreTryAfterEachSuccess() {
        var gate = FaultGate()
        _ = gate.failed(now: 0)
        gate.gotThrough(now: interval - 1)
        let early = gate.mayTry(waiting: 10_000, now: interval - 1)
        #expect(early == 0)
        let tries = (0..<12).map { _ in
            gate.gotThrough(now: interval)
            return gate.mayTry(waiting: 10_000, now: interval)
        }
        #expect(tries.first == 2 * FaultGate.firstBatch && tries.last == FaultGate.largestBatch)
        _ = gate.failed(now: interval)
        let after = gate.mayTry(waiting: 10_000, now: 2 * interval)
        #expect(after == FaultGate.firstBatch)
    }

    @Test func machineFaultEndsWhenNothingWaitsForAWhile() {
        var gate = FaultGate()
        _ = gate.failed(now: 0)
        // The answer to a request that is tried again may take long.
        #expect(gate.wakeUp(waiting: 0) == FaultGate.silentNanoseconds)
        gate.gotThrough(now: 1)
        let quiet = FaultGate.quietNanoseconds
        #expect(gate.wakeUp(waiting: 1) == interval && gate.wakeUp(waiting: 0) == quiet)
        let checks = [(1, quiet), (0, quiet - 1), (0, quiet), (0, quiet)].map { gate.check(waiting: $0.0, now: $0.1) }
        #expect(checks == [nil, nil, .ends, nil])
        #expect(gate.wakeUp(waiting: 0) == .max)
    }

    @Test func severalThreadsMakeOnePieceOfNews() {
        let told = Mutex<[String]>([])
        let news = FaultNews { fault, detail in told.withLock { $0.append("\(fault.rawValue) \(detail ?? "over")") } }
        news.count(.route, "a")
        news.count(.route, "b")
        news.count(.ports, "c")
        news.count(.route, nil)
        news.count(.route, nil)
        news.count(.route, "d")
        #expect(told.withLock { $0 } == ["no_route a", "no_local_port c", "no_route over", "no_route d"])
    }
}
