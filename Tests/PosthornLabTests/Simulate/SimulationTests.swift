import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText
import PosthornSending
import PosthornTestSupport
import Synchronization
import Testing

@testable import PosthornLab

@Suite(.limited()) struct SimulationTests {
    private static let start = Timestamp(milliseconds: 1_740_960_000_000)

    private func simulation(
        _ vendor: ScenarioVendor = .weseedo,
        count: Int = 300,
        _ faults: String? = nil,
        pace: Simulation.Pace = .stream(perSecond: 1),
        seed: UInt64 = 7
    ) throws -> Simulation {
        let faults = try faults.map { (text) throws(InputProblem) in try SimulationFaults(text) } ?? SimulationFaults()
        return Simulation(vendor, count: count, pace: pace, faults: faults, seed: seed, start: Self.start)
    }

    private func options(speed: Double) -> SimulationOptions {
        var options = SimulationOptions()
        options.speed = speed
        options.sender.guard = OwnedHostGuard.make(isOwned: false)
        return options
    }

    private static let allFaults =
        "duplicates=5%,reorder=5%,late=2%,burst=2%,gap=1%,unknown-type=5%,unknown-field=5%,slow-200=5%,outage=1m"

    @Test(arguments: ScenarioVendor.allCases)
    func theSameSeedGivesTheSameBytesAtTheSameTimes(vendor: ScenarioVendor) throws {
        let (one, two) = (try simulation(vendor, Self.allFaults), try simulation(vendor, Self.allFaults))
        #expect(one.departures.map(\.event.line) == two.departures.map(\.event.line))
        #expect(one.departures.map(\.nanoseconds) == two.departures.map(\.nanoseconds))
        let other = try simulation(vendor, Self.allFaults, seed: 8)
        #expect(one.departures.map(\.event.line) != other.departures.map(\.event.line))
    }

    @Test func departuresAreInOrderAndEveryEventLeaves() throws {
        let plain = try simulation()
        #expect(plain.departures.count == 300 && Set(plain.departures.map(\.event.id)).count == 300)
        let faulty = try simulation(.weseedo, Self.allFaults)
        #expect(faulty.departures.map(\.nanoseconds) == faulty.departures.map(\.nanoseconds).sorted())
        #expect(Set(faulty.departures.map(\.event.id)).count == 300)
        let duplicates = faulty.departures.filter(\.isDuplicate)
        #expect(!duplicates.isEmpty && faulty.departures.count == 300 + duplicates.count)
    }

    @Test func everyLineIsOneThatEmitTakes() throws {
        for vendor in ScenarioVendor.allCases {
            for departure in try simulation(vendor, Self.allFaults).departures { _ = try EventLine(departure.event.line) }
        }
    }

    @Test func anOutageIsFollowedByAFlood() throws {
        let simulation = try simulation(.weseedo, "outage=2m")
        let times = Dictionary(grouping: simulation.departures, by: \.nanoseconds).mapValues(\.count)
        #expect(times.values.max() ?? 0 > 50)
    }

    @Test func aDayHasItsQuietNight() throws {
        let day = try simulation(count: 2000, pace: .day)
        let hours = Dictionary(grouping: day.departures) { ($0.nanoseconds / 3_600_000_000_000) % 24 }.mapValues(\.count)
        #expect((hours[10] ?? 0) > 3 * (hours[3] ?? 0))
    }

    @Test(
        arguments: [
            ("duplicates", "\"duplicates\" is not a fault; write some of duplicates=1%"),
            ("duplicates=200%", "\"duplicates=200%\" is more than 100%"), ("gap=1", ""), ("late=3", "write 2% for two in a hundred"),
            ("burst=often", "is not a share; write 1% or 0.01"), ("earthquake=1%", "\"earthquake=1%\" is not a fault"),
            ("outage=long", "\"outage=long\" is not a length of time"), ("", "is not a fault"),
            ("late=1%,gap=2%,late=3%", "\"late=3%\" is there for the second time"),
        ]
    )
    func aFaultThatIsNoneIsRefusedWithAnExample(text: String, message: String) throws {
        if message.isEmpty {
            #expect(try SimulationFaults(text).gap == 1)
            return
        }
        let problem = #expect(throws: InputProblem.self) { try SimulationFaults(text) }
        #expect(problem?.description.hasPrefix("fault: ") == true && problem?.description.contains(message) == true)
    }

    @Test func theExampleHasEveryFault() throws {
        let all = try SimulationFaults(SimulationFaults.example)
        #expect(all.outageNanoseconds == 600_000_000_000)
        let shares = [all.duplicates, all.reorder, all.late, all.burst, all.gap, all.unknownType, all.unknownField, all.slowAnswer]
        #expect(shares == [Double](repeating: 0.01, count: 8))
    }

    @Test func everythingArrivesThroughTheEngineInSpiteOfFailures() throws {
        var configuration = ReceiverConfiguration()
        configuration.misbehaviour.failFirst = 1
        let settings = EndpointSettings(
            id: "",
            node: "",
            url: "",
            envelope: .diio,
            signature: .diio,
            credentials: ["signing_secret": .string("s3cret-of-diio")]
        )
        let check = try RequestCheck(settings)
        let receiver = try Receiver(server: HTTPServerConfiguration(), configuration: configuration, check: { check.verdict($0) })
        let directory = try TemporaryDirectory()
        let (outbox, second) = (try Outbox(path: directory.file("a.db")), try Outbox(path: directory.file("b.db")))
        defer {
            outbox.close()
            second.close()
        }
        var target = settings
        target.url = "http://127.0.0.1:\(receiver.port)/hook"
        let simulation = try simulation(.diio, count: 60, "duplicates=10%")
        let duplicates = simulation.departures.filter(\.isDuplicate).count
        let simulator = try VendorSimulator(
            simulation,
            to: [target],
            outbox: outbox,
            second: second,
            options: options(speed: 100_000),
            log: { _ in }
        )
        let result = try simulator.run()
        #expect(result.deliveries[.delivered] == Int64(60 + duplicates))
        #expect(receiver.counts.validations == 2 && receiver.counts.badSignatures == 0)
        #expect(receiver.counts.duplicates == duplicates || receiver.counts.byStatus[500] ?? 0 >= 60)
    }

    @Test func aSecretIsReplacedInMidStream() throws {
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="]
        var settings = EndpointSettings(id: "", node: "", url: "", envelope: .weseedo, signature: .standardWebhooks)
        let checks = try secrets.map { secret in
            settings.credentials = ["secret": .string(secret)]
            return try RequestCheck(settings)
        }
        let byOld = Mutex(0)
        let byNew = Mutex(0)
        let receiver = try Receiver(
            server: HTTPServerConfiguration(),
            check: { request in
                if checks[0].verdict(request) == .valid { byOld.withLock { $0 += 1 } }
                if checks[1].verdict(request) == .valid { byNew.withLock { $0 += 1 } }
                return .unchecked
            }
        )
        let directory = try TemporaryDirectory()
        let outbox = try Outbox(path: directory.file("a.db"))
        defer { outbox.close() }
        settings.credentials = ["secret": .string(secrets[0])]
        settings.url = "http://127.0.0.1:\(receiver.port)/hook"
        var options = options(speed: 10_000)
        options.nextSecret = secrets[1]
        let simulator = try VendorSimulator(
            try simulation(count: 40),
            to: [settings],
            outbox: outbox,
            second: nil,
            options: options,
            log: { _ in }
        )
        #expect(try simulator.run().deliveries[.delivered] == 40)
        // Within the grace period of Standard Webhooks both secrets sign.
        #expect(byOld.withLock { $0 } == 40)
        #expect(byNew.withLock { $0 } == 20)
    }
}
