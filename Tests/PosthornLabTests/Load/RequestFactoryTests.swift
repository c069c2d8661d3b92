import PosthornFormats
import PosthornHTTP
import PosthornModel
import PosthornSending
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornLab

/// Which events each of a load's threads makes.
@Suite(.limited()) struct RequestFactoryTests {
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)
    private static let types = Scenario(.weseedo, seed: 0).types

    /// WeSeeDo's first type and its last.
    private static func content(_ shares: [Int]) throws -> LoadContent {
        try .events(
            LedgerRunTests.settings(.weseedo),
            vendor: .weseedo,
            type: nil,
            mix: try TypeMix(zip([types[0], types[types.count - 1]], shares).map { "\($0)=\($1)" }),
            data: nil,
            needsWrong: false,
            seed: 5,
            at: now
        )
    }

    /// What each thread makes, for so many threads at each of so many receivers, from so many machines.
    private static func made(_ content: LoadContent, each count: Int, threads: Int, receivers: Int, machines: Int) -> [[Event]] {
        var all: [[Event]] = []
        let ofMachine = threads * receivers
        for number in 0..<(ofMachine * machines) {
            let (machine, own) = number.quotientAndRemainder(dividingBy: ofMachine)
            let thread = LoadThread(
                number: number,
                count: ofMachine * machines,
                numberAtReceiver: machine * threads + own % threads,
                countAtReceiver: threads * machines
            )
            all.append(events(content, thread, count))
        }
        return all
    }

    private static func factory(_ content: LoadContent, _ thread: LoadThread) -> RequestFactory {
        RequestFactory(content, LoadPlan.Shares(), seed: 5, thread: thread)
    }

    private static func events(_ content: LoadContent, _ thread: LoadThread, _ count: Int) -> [Event] {
        var factory = factory(content, thread)
        var request = OutboundRequest()
        return (0..<count).compactMap { _ in
            request.reset()
            return factory.write(into: &request, at: now).event
        }
    }

    @Test(
        arguments: [[1, 1], [3, 1], [1, 2]],
        [(threads: 1, receivers: 2, machines: 1), (2, 1, 1), (2, 2, 1), (1, 3, 1), (1, 1, 4), (2, 2, 2)]
    )
    func everyThreadHasTheMixAndEveryEventIsAnother(_ shares: [Int], _ layout: (threads: Int, receivers: Int, machines: Int)) throws {
        let content = try Self.content(shares)
        func made() -> [[Event]] {
            Self.made(content, each: 600, threads: layout.threads, receivers: layout.receivers, machines: layout.machines)
        }
        let all = made()
        let wanted = 600.0 * Double(shares[0]) / Double(shares[0] + shares[1])
        for events in all {
            let first = Double(events.count { $0.type == Self.types[0] })
            #expect(abs(first - wanted) <= 2, "\(first) instead of \(wanted)")
        }
        let objects = all.flatMap { $0.map { IdentityStamp.identity(in: $0.data) } }
        #expect(objects.count == all.count * 600 && Set(objects).count == objects.count)
        #expect(made().map { $0.map(\.data) } == all.map { $0.map(\.data) })
    }

    /// Each receiver has one thread here, and the mix repeats itself after two events.
    @Test(arguments: [[1.0], [1, 1], [3, 1]], [1, 4]) func everyReceiverGetsTheMix(_ weights: [Double], _ threads: Int) throws {
        let receivers = try weights.map { _ in try Receiver(server: HTTPServerConfiguration(), configuration: ReceiverConfiguration()) }
        let destinations = try zip(receivers, weights).map { receiver, weight in
            LoadDestination(
                try EndpointURL("http://127.0.0.1:\(receiver.port)/"),
                guard: OwnedHostGuard.make(isOwned: false),
                weight: weight
            )
        }
        var plan = LoadPlan(.open(try RateSpecification("4000"), poisson: false))
        (plan.count, plan.threads) = (400, threads)
        let report = try LoadTest(destinations, plan: plan, content: try Self.content([1, 1])).run()
        for one in report.targets.isEmpty ? [report] : report.targets {
            let sent = one.types.map(\.measurements.requests)
            #expect(sent.count == 2 && sent.reduce(0, +) == one.requests)
            // Each thread may have one more of a type than of the other.
            #expect(sent.allSatisfy { abs(Int64($0) - Int64(one.requests / 2)) <= Int64(threads) }, "\(sent)")
        }
        #expect(receivers.map { $0.counts.duplicates } == weights.map { _ in 0 })
    }

    /// Trials of a search send the same content one after the other, and a receiver that knows an event again would have nothing to do.
    @Test(arguments: [1, 3]) func aLoadGoesOnWhereTheOneBeforeEnded(_ threads: Int) throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let destinations = try ["a", "b"].map {
            LoadDestination(try EndpointURL("http://127.0.0.1:\(receiver.port)/\($0)"), guard: OwnedHostGuard.make(isOwned: false))
        }
        let content = try Self.content([1, 1])
        var plan = LoadPlan(.closed(connections: 6))
        (plan.count, plan.threads) = (101, 2 * threads)
        var sent: [[[UInt8]]] = []
        for number in 0..<3 {
            // The third one begins where the second one did.
            let report = try LoadTest(destinations, plan: plan, content: content).run()
            if number == 0 { plan.firstNumber = report.nextNumber }
            #expect(report.requests == 101 && report.nextNumber >= plan.firstNumber)
            let before = sent.reduce(0) { $0 + $1.count }
            sent.append(receiver.requests.dropFirst(before).compactMap { Self.object(in: $0.body) })
        }
        #expect(sent.map(\.count) == [101, 101, 101])
        #expect(Set(sent[0] + sent[1]).count == 202)
        #expect(!Set(sent[1]).isDisjoint(with: sent[2]))
    }

    /// The id of the object in a request of WeSeeDo's format.
    private static func object(in body: [UInt8]) -> [UInt8]? {
        (try? JSONValue.parse(body))?["data"].flatMap { IdentityStamp.identity(in: Array($0.text.utf8)) }
    }

    /// Recorded events go out once each, in their order, whichever thread sends them.
    @Test func recordedEventsAreSharedByThreads() throws {
        let events = (0..<30).map { Event(id: "r\($0)", type: "T", node: "n", created: Self.now, data: Array("{}".utf8)) }
        let content = try LoadContent.recorded(events, LedgerRunTests.settings(.weseedo), needsWrong: false, at: Self.now)
        let made = Self.made(content, each: 10, threads: 3, receivers: 1, machines: 1)
        #expect((0..<30).map { made[$0 % 3][$0 / 3].id } == events.map(\.id))
    }

    /// What is left out has the types that would have been sent, and numbers that no other event gets.
    @Test(arguments: [1, 7, 2048, 5000], [1, 3]) func leftOutEventsHaveTheirTypes(_ count: UInt64, _ threads: Int) throws {
        let content = try Self.content([3, 1])
        let thread = LoadThread(number: threads - 1, count: threads, numberAtReceiver: threads - 1, countAtReceiver: threads)
        let made = Self.events(content, thread, Int(count) + 1)
        var counts: [Int: UInt64] = [:]
        for event in made.dropLast() { counts[content.types.firstIndex(of: event.type) ?? -1, default: 0] += 1 }
        var (whole, single) = (Self.factory(content, thread), Self.factory(content, thread))
        #expect(whole.skip(count) == counts)
        var singly: [Int: UInt64] = [:]
        for _ in 0..<count { singly[single.skip() ?? -1, default: 0] += 1 }
        #expect(singly == counts)
        var request = OutboundRequest()
        let next = whole.write(into: &request, at: Self.now).event
        #expect(next?.data == made.last?.data && single.write(into: &request, at: Self.now).event?.data == next?.data)
    }
}
