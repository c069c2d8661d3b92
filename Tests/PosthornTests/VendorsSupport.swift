import PosthornModel
import PosthornSending
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

@testable import Posthorn

/// An outbox in a directory of its own, with one node `n1`, for tests of what vendors want.
final class VendorsBench: Sendable {
    let directory: TemporaryDirectory
    let clock: TestClock
    let place: BenchPlace
    let outbox: Outbox
    let told = Told()

    init(key: OutboxKey? = nil) throws {
        directory = try TemporaryDirectory()
        clock = TestClock()
        place = try BenchPlace(in: directory)
        outbox = try place.open(key: key, clock: clock)
    }

    /// Applies endpoints at `n1`.
    func apply(_ endpoints: EndpointSettings...) throws {
        _ = try outbox.apply(Topology(nodes: [Node(id: "n1", level: .company)], endpoints: endpoints))
    }

    /// Lets requests reach the loopback.
    static let loopback = EgressGuard(allow: [try! CIDR("127.0.0.0/8")])

    /// A running engine; whoever asks for it stops it.
    func engine(guard: EgressGuard = loopback) throws -> Engine {
        var configuration = EngineConfiguration()
        configuration.sender.guard = `guard`
        let engine = try Engine(outbox: outbox, configuration: configuration) { [told] event in told.add(event) }
        try engine.start()
        return engine
    }

    /// An endpoint as the outbox shows it.
    func endpoint(_ id: String) throws -> StoredEndpoint {
        try #require(try outbox.topology().endpoints.first { $0.settings.id == id })
    }

    /// The deliveries of an endpoint.
    func deliveries(_ id: String) throws -> [Delivery] {
        var filter = DeliveryFilter()
        filter.endpoint = id
        let all = Mutex<[Delivery]>([])
        try outbox.deliveries(filter) { delivery in all.withLock { $0.append(delivery) } }
        return all.withLock { $0 }
    }
}

/// What an engine told, to wait for.
final class Told: Sendable {
    private let events = Mutex<[EngineEvent]>([])
    private let waker = try! Waker()

    func add(_ event: EngineEvent) {
        events.withLock { $0.append(event) }
        waker.signal()
    }

    var all: [EngineEvent] { events.withLock { $0 } }

    /// Waits until `count` events are of the kind; `false` when half a minute was over, which only a test that fails sees.
    func wait(_ count: Int = 1, for isWanted: (EngineEvent) -> Bool) -> Bool {
        let start = MonotonicClock.nanoseconds()
        while all.count(where: isWanted) < count {
            if MonotonicClock.nanoseconds() - start > 30_000_000_000 { return false }
            waker.wait(milliseconds: 1000)
        }
        return true
    }
}

extension EngineEvent {
    var isVerified: Bool { if case .endpointVerified = self { true } else { false } }
    var isNotVerified: Bool { if case .endpointNotVerified = self { true } else { false } }
    var isFailedAttempt: Bool { if case .attemptFailed = self { true } else { false } }
}

/// An endpoint of a vendor at `n1`.
func endpoint(_ id: String, _ vendor: Vendor, url: String, _ credentials: [String: String]) -> EndpointSettings {
    EndpointSettings(
        id: id,
        node: "n1",
        url: url,
        envelope: vendor.envelope,
        signature: vendor.signature,
        credentials: credentials.mapValues { .string($0) }
    )
}

/// The value of a query's parameter, as it was sent.
func parameter(_ name: String, of target: String) -> String? {
    let query = target.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
    return query.split(separator: "&").first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
}

/// Answers a diio handshake as it should be, and everything else with 200.
func goodDiio(_ request: ReceivedRequest) -> Reply {
    guard request.method == "GET" else { return .ok }
    return .status(200, headers: [("content-type", "text/plain")], body: parameter("echo_string", of: request.target) ?? "")
}
