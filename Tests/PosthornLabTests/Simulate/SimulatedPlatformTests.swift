import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

@testable import PosthornLab

/// Simulations on a platform with several receivers, and what platforms do that receivers must bear.
@Suite(.limited()) struct SimulatedPlatformTests {
    private static let start = Timestamp(milliseconds: 1_740_960_000_000)
    private static let platform = [
        Node(id: "r1", level: .reseller), Node(id: "d1", level: .dealer, parent: "r1"), Node(id: "d2", level: .dealer, parent: "r1"),
        Node(id: "c1", level: .company, parent: "d1", name: "First"), Node(id: "c2", level: .company, parent: "d2", name: "Second"),
        Node(id: "s1", level: .site, parent: "c1"),
    ]

    private func simulation(
        _ vendor: ScenarioVendor,
        count: Int,
        _ faults: String? = nil,
        on platform: [Node] = []
    ) throws -> Simulation {
        let faults = try faults.map { (text) throws(InputProblem) in try SimulationFaults(text) } ?? SimulationFaults()
        return Simulation(
            vendor,
            count: count,
            pace: .stream(perSecond: 1),
            faults: faults,
            seed: 7,
            start: Self.start,
            platform: platform
        )
    }

    private func play(
        _ simulation: Simulation,
        to receivers: [EndpointSettings],
        _ change: (inout SimulationOptions) -> Void = { _ in }
    ) throws -> SimulationResult {
        let directory = try TemporaryDirectory()
        let outbox = try Outbox(path: directory.file("a.db"))
        defer { outbox.close() }
        var options = SimulationOptions()
        options.speed = 100_000
        options.sender.guard = OwnedHostGuard.make(isOwned: false)
        change(&options)
        let simulator = try VendorSimulator(
            simulation,
            to: receivers,
            outbox: outbox,
            second: nil,
            options: options,
            log: { _ in }
        )
        return try simulator.run()
    }

    @Test(arguments: ScenarioVendor.allCases)
    func storiesTakePlaceAtTheNodesThatAreGiven(vendor: ScenarioVendor) throws {
        let simulation = try simulation(vendor, count: 400, on: Self.platform)
        let hierarchy = try Hierarchy(simulation.nodes)
        #expect(Set(Self.platform).isSubset(of: Set(simulation.nodes)))
        let places = Dictionary(grouping: simulation.departures, by: \.event.node).mapValues(\.count)
        for node in places.keys { #expect(hierarchy[node] != nil) }
        let own = vendor == .weseedo ? ["c1", "c2", "s1"] : ["c1", "c2"]
        for node in own { #expect(places[node] ?? 0 > 20, "\(node): \(places)") }
    }

    /// As `simulate --out-topology` writes one: with the same seed the ids made up first are those in the file.
    @Test(arguments: ScenarioVendor.allCases)
    func aPlatformMadeUpWithTheSameSeedIsStoodUpon(vendor: ScenarioVendor) throws {
        for seed in 0..<4 as Range<UInt64> {
            let nodes = Scenario(vendor, seed: seed).nodes
            let again = Scenario(vendor, seed: seed, platform: nodes).nodes
            #expect(Set(again.map(\.id)).count == again.count)
            #expect(Set(again.map(\.id)).isSuperset(of: nodes.map(\.id)))
            _ = try Topology(nodes: again, endpoints: [])
        }
    }

    @Test(arguments: [
        [Node(id: "only", level: .site)], [Node(id: "only", level: .company)], [Node(id: "only", level: .dealer)],
        [Node(id: "only", level: .reseller)], [Node(id: "r", level: .reseller), Node(id: "only", level: .site, parent: "r")],
    ])
    func levelsThatAPlatformLacksAreMadeUp(platform: [Node]) throws {
        for vendor in ScenarioVendor.allCases {
            var scenario = Scenario(vendor, seed: 1, platform: platform)
            let hierarchy = try Hierarchy(scenario.nodes)
            for i in 0..<200 { #expect(hierarchy[scenario.next(at: Self.start.later(seconds: i)).node] != nil) }
        }
    }

    @Test func eachReceiverOfATopologyGetsWhatItsNodeLevelAndPatternsSay() throws {
        let received = Mutex<[String: [(type: String, node: String)]]>([:])
        let nodes = try simulation(.weseedo, count: 400, on: Self.platform)
        let places = Dictionary(uniqueKeysWithValues: nodes.departures.map { ($0.event.id, $0.event.node) })
        let server = try HTTPServer { request in
            guard let body = try? JSONValue.parse(request.body), case .string(let id) = body["id"],
                case .string(let type) = body["type"]
            else { return .text("", status: 400) }
            received.withLock { $0[request.path, default: []].append((type, places[id] ?? "?")) }
            return .text("ok")
        }
        func receiver(_ id: String, at node: String, _ patterns: [String] = []) throws -> EndpointSettings {
            let url = "http://127.0.0.1:\(server.port)/\(id)"
            return EndpointSettings(id: id, node: node, url: url, events: try patterns.map { try EventPattern($0) })
        }
        let receivers = [
            try receiver("top", at: "r1"), try receiver("first", at: "c1"), try receiver("site", at: "s1"),
            try receiver("users", at: "d2", ["USER_*"]),
        ]
        let result = try play(nodes, to: receivers)
        let seen = received.withLock { $0 }
        #expect(result.deliveries == [.delivered: Int64(seen.values.reduce(0) { $0 + $1.count })])
        #expect(seen["/top"]?.count == 400)
        #expect(seen["/first"]?.allSatisfy { ["c1", "s1"].contains($0.node) || $0.type.hasPrefix("SITE_") } == true)
        #expect(seen["/site"]?.allSatisfy { $0.type.hasPrefix("MEETING_") && $0.node == "s1" } == true)
        #expect(seen["/users"]?.allSatisfy { $0.type.hasPrefix("USER_") && $0.node == "c2" } == true)
        for path in ["/first", "/site", "/users"] { #expect(seen[path]?.count ?? 0 > 5, "\(path)") }
    }

    /// The receiver has answered 200 and sees the event again: the same id, the next attempt's number.
    @Test func aSlow200IsFollowedByARetryOfTheSameEvent() throws {
        let attempts = Mutex<[String: [String]]>([:])
        let server = try HTTPServer { request in
            guard let body = try? JSONValue.parse(request.body), case .string(let id) = body["id"],
                case .number(let attempt) = body["attempt"]
            else { return .text("", status: 400) }
            attempts.withLock { $0[id, default: []].append(attempt) }
            return .text("ok")
        }
        let simulation = try simulation(.weseedo, count: 200, "slow-200=10%")
        #expect((5...40).contains(simulation.slowlyAnswered.count))
        let result = try play(
            simulation,
            to: [EndpointSettings(id: "", node: "", url: "http://127.0.0.1:\(server.port)/")]
        )
        #expect(result.deliveries == [.delivered: 200])
        #expect(result.attempts == 200 + simulation.slowlyAnswered.count)
        for (id, seen) in attempts.withLock({ $0 }) {
            #expect(seen == (simulation.slowlyAnswered.contains(id) ? ["1", "2"] : ["1"]))
        }
    }

    @Test func aSlowAnswerChangesNothingOfTheEvents() throws {
        #expect(
            try simulation(.diio, count: 100).departures.map(\.event)
                == simulation(.diio, count: 100, "slow-200=50%").departures.map(\.event)
        )
    }

    @Test func faultsAreCountedByNameTheSameForTheSameSeed() throws {
        let faults = "duplicates=5%,reorder=5%,late=2%,burst=2%,gap=2%,unknown-type=5%,unknown-field=5%,slow-200=5%,outage=2h"
        let simulation = try simulation(.weseedo, count: 400, faults)
        let counts = Dictionary(uniqueKeysWithValues: simulation.faultCounts().map { ($0.fault, $0.count) })
        let departures = simulation.departures
        let firsts = departures.filter { !$0.isDuplicate }
        #expect(counts.count == SimulationFault.allCases.count && counts.values.allSatisfy { $0 > 0 }, "\(counts)")
        #expect(counts[.duplicates] == departures.count(where: \.isDuplicate))
        #expect(counts[.unknownType] == firsts.count { $0.event.type.hasSuffix("_v2") })
        #expect(counts[.unknownField] == firsts.count { String(decoding: $0.event.data, as: UTF8.self).contains("new_in_version_2") })
        #expect(counts[.slowAnswer] == simulation.slowlyAnswered.count)
        let created = Set(firsts.map(\.event.created)).count
        #expect(400 - created >= (counts[.burst] ?? 0) * 10)
        let again = try self.simulation(.weseedo, count: 400, faults).faultCounts()
        #expect(again.map(\.count) == simulation.faultCounts().map(\.count))
        #expect(simulation.faultCounts(ofFirst: 0).allSatisfy { $0.count == 0 })
    }

    /// What ``SimulationFault/explanation`` says, one fault at a time.
    @Test func theFaultsAreWhatTheirExplanationsSay() throws {
        let second: Int64 = 1_000_000_000
        func delays(_ faults: String) throws -> [Int64] {
            let plain = try simulation(.weseedo, count: 50).departures.map(\.nanoseconds)
            let faulty = Dictionary(uniqueKeysWithValues: try simulation(.weseedo, count: 50, faults).departures.map { ($0.event.id, $0) })
            let ids = try simulation(.weseedo, count: 50).departures.map(\.event.id)
            return try zip(ids, plain).map { try #require(faulty[$0]).nanoseconds - $1 }
        }
        #expect(try delays("late=100%").allSatisfy { $0 == 3600 * second })
        let reordered = try delays("reorder=100%")
        #expect(reordered.min() == 2 * second && reordered.max() == 6 * second)
        let times = try simulation(.weseedo, count: 100, "burst=100%").departures.map(\.nanoseconds)
        #expect(Set(times).count == 5 && Set(times[0..<20]).count == 1)
        let gaps = try simulation(.weseedo, count: 50, "gap=100%").departures.map(\.nanoseconds)
        #expect(zip(gaps, gaps.dropFirst()).allSatisfy { $1 - $0 >= 1800 * second })
        let twice = Dictionary(grouping: try simulation(.weseedo, count: 50, "duplicates=100%").departures, by: \.event.id)
        #expect(twice.values.allSatisfy { $0.count == 2 && $0[1].nanoseconds - $0[0].nanoseconds <= 60 * second })
        // Longer than the run, it begins with it.
        #expect(Set(try simulation(.weseedo, count: 50, "outage=10m").departures.map(\.nanoseconds)) == [600 * second])
        let short = try simulation(.weseedo, count: 200, "outage=20s").departures
        let held = short.filter { $0.met.contains(MetFaults(.outage)) }
        #expect(held.count > 5 && Set(held.map(\.nanoseconds)).count == 1)
        let before = try #require(short.last { $0.nanoseconds < held[0].nanoseconds })
        #expect(held[0].nanoseconds - before.nanoseconds >= 20 * second)
    }

    /// Also at a speed at which all events are due at once.
    @Test func theFirstHalfLeavesWithTheOldSecretAtAnySpeed() throws {
        var target = EndpointSettings(id: "", node: "", url: "", envelope: .diio, signature: .diio)
        target.credentials = ["signing_secret": .string("the-old-one")]
        let check = try RequestCheck(target)
        let receiver = try Receiver(server: HTTPServerConfiguration(), check: { check.verdict($0) })
        target.url = "http://127.0.0.1:\(receiver.port)/"
        let result = try play(try simulation(.diio, count: 100), to: [target]) {
            ($0.speed, $0.nextSecret) = (1_000_000, "the-new-one")
        }
        #expect(result.deliveries == [.delivered: 50, .exhausted: 50])
        #expect(receiver.counts.badSignatures == 5 * 50)
    }

    /// A receiver that knows both secrets takes all of it, by whichever scheme; one that knows two others takes nothing.
    @Test(arguments: [ScenarioVendor.diio, .standard, .voiso])
    func aReceiverThatKnowsBothSecretsOutlivesARotation(vendor: ScenarioVendor) throws {
        var target = EndpointSettings(id: "", node: "", url: "")
        var secrets = (old: "the-old-one", new: "the-new-one", other: "another-one")
        switch vendor {
        case .diio: (target.envelope, target.signature) = (.diio, .diio)
        case .voiso: (target.envelope, target.signature) = (.voiso, .voisoKey)
        default:
            target.signature = .standardWebhooks
            secrets = (
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=",
                "whsec_\(String(repeating: "A", count: 32))"
            )
        }
        let member = vendor == .diio ? "signing_secret" : vendor == .voiso ? "key" : "secret"
        target.credentials = [member: .string(secrets.old)]
        let check = try RequestCheck(target, nextSecret: secrets.new)
        let receiver = try Receiver(server: HTTPServerConfiguration(), check: { check.verdict($0) })
        target.url = "http://127.0.0.1:\(receiver.port)/"
        let stream = try simulation(vendor, count: 40)
        let good = try play(stream, to: [target]) { $0.nextSecret = secrets.new }
        #expect(good.deliveries == [.delivered: 40] && receiver.counts.badSignatures == 0)
        var stranger = target
        stranger.credentials = [member: .string(secrets.other)]
        #expect(try play(stream, to: [stranger]).deliveries == [.exhausted: 40])
    }

    @Test(arguments: [true, false])
    func retryAfterIsHonouredInRealTimeUnlessToldNotTo(honours: Bool) throws {
        let asked = Mutex(0)
        let server = try HTTPServer { _ in
            let isFirst = asked.withLock { count in
                count += 1
                return count == 1
            }
            var response = HTTPResponse.text("", status: isFirst ? 503 : 200)
            if isFirst { response.headers.append("Retry-After", "3600") }
            return response
        }
        let directory = try TemporaryDirectory()
        let outbox = try Outbox(path: directory.file("a.db"))
        defer { outbox.close() }
        var options = SimulationOptions()
        (options.speed, options.honoursRetryAfter) = (100_000, honours)
        options.sender.guard = OwnedHostGuard.make(isOwned: false)
        let simulatorOfAll = Mutex<VendorSimulator?>(nil)
        let simulator = try VendorSimulator(
            try simulation(.weseedo, count: 1),
            to: [EndpointSettings(id: "", node: "", url: "http://127.0.0.1:\(server.port)/")],
            outbox: outbox,
            second: nil,
            options: options,
            // The first failure is known: with the wish honoured nothing more comes within an hour.
            log: { if honours, case .attemptFailed = $0 { simulatorOfAll.withLock { $0?.stop() } } }
        )
        simulatorOfAll.withLock { $0 = simulator }
        let before = SystemClock().now()
        let result = try simulator.run()
        simulatorOfAll.withLock { $0 = nil }
        #expect(result.deliveries == [honours ? .pending : .delivered: 1])
        guard honours else { return }
        var due: Timestamp?
        try outbox.deliveries { due = $0.nextAttemptAt }
        #expect(try #require(due) >= before.advanced(byMilliseconds: 3_600_000))
    }

    @Test func valuesAreAskedForBeforeEachMessage() throws {
        var configuration = ReceiverConfiguration()
        configuration.values = ["balance": .string("12.50")]
        let settings = LedgerRunTests.settings(.webio)
        let check = try RequestCheck(settings)
        let receiver = try Receiver(server: HTTPServerConfiguration(), configuration: configuration, check: { check.verdict($0) })
        var target = settings
        (target.node, target.url) = ("", "http://127.0.0.1:\(receiver.port)/hook")
        let simulation = try simulation(.webio, count: 60)
        let messages = simulation.departures.count { $0.event.type == "messageSend" }
        let good = try play(simulation, to: [target]) { $0.question = "Your balance is <<balance>>" }
        #expect(good.valueRequests?.asked == messages && good.valueRequests?.answered == messages && messages > 10)
        #expect(receiver.counts.valueRequests == messages && receiver.counts.badSignatures == 0)
        let bad = try play(simulation, to: [target]) { $0.question = "Your <<name>>" }
        #expect(bad.valueRequests?.answered == 0 && bad.valueRequests?.problem?.contains("name") == true)
    }
}
