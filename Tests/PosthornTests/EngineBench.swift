import Glibc
import Posthorn
import PosthornModel
import PosthornStore
import PosthornSending
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

/// An outbox with an engine on it, and what the engine tells.
final class EngineBench: Sendable {
    let folder: TemporaryDirectory
    let place: BenchPlace
    let outbox: Outbox
    private let log = EventLog()

    /// - Parameter folder: Where the file is, for a test that is about one; `nil` for a new outbox on the store of this run.
    init(
        _ folder: TemporaryDirectory? = nil,
        clock: any PosthornClock = SystemClock(),
        busyTimeoutMilliseconds: Int32 = 10_000
    ) throws {
        let store = folder == nil ? BenchStore.current : .sqlite
        self.folder = try folder ?? TemporaryDirectory()
        place = try BenchPlace(in: self.folder, on: store, busyTimeoutMilliseconds: busyTimeoutMilliseconds)
        outbox = try place.open(clock: clock, random: SeededRandom(seed: 1))
    }

    /// A bench on an outbox that is somewhere already.
    init(at location: any StoreLocation) throws {
        folder = try TemporaryDirectory()
        place = BenchPlace(location)
        outbox = try place.open(random: SeededRandom(seed: 3))
    }

    /// Another program on the same outbox.
    init(sharing other: EngineBench, clock: any PosthornClock = SystemClock()) throws {
        (folder, place) = (other.folder, other.place)
        outbox = try place.open(clock: clock, random: SeededRandom(seed: 2))
    }

    /// A bench on an outbox that was opened in a special way.
    init(_ outbox: Outbox) throws {
        folder = try TemporaryDirectory()
        place = try BenchPlace(in: folder)
        self.outbox = outbox
    }

    /// The four levels and endpoints given as (id, node, url).
    func apply(_ endpoints: [EndpointSettings], prune: Bool = false) throws {
        let nodes = [
            Node(id: "r", level: .reseller), Node(id: "d", level: .dealer, parent: "r"), Node(id: "c", level: .company, parent: "d"),
            Node(id: "s", level: .site, parent: "c"),
        ]
        _ = try outbox.apply(try Topology(nodes: nodes, endpoints: endpoints), prune: prune)
    }

    /// - Parameter observe: Is told what the engine tells, on its threads.
    func engine(
        untilSettled: Bool = false,
        speed: Double = 1,
        mail: MailConfiguration? = nil,
        drainMilliseconds: Int64 = 30_000,
        looks: LookCount? = nil,
        observe: @escaping @Sendable (EngineEvent) -> Void = { _ in }
    ) throws -> Engine {
        var sender = SenderConfiguration()
        sender.guard = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        let log = log
        var configuration = EngineConfiguration(speed: speed, untilSettled: untilSettled, sender: sender, mail: mail)
        configuration.drainMilliseconds = drainMilliseconds
        if let looks {
            configuration.outcomeOverride = { job, outcome in
                looks.count(job.id)
                return outcome
            }
        }
        return try Engine(outbox: outbox, configuration: configuration) { event in
            observe(event)
            log.add(event)
        }
    }

    func deliveries(_ filter: DeliveryFilter = DeliveryFilter()) throws -> [Delivery] {
        var all: [Delivery] = []
        try outbox.deliveries(filter) { all.append($0) }
        return all
    }

    /// Attempts that are recorded, over all deliveries.
    func recordedAttempts() throws -> Int { try deliveries().reduce(0) { $0 + $1.attempts } }

    /// Waits until the engine has told something; `false` after `seconds`, which only a test that fails sees.
    func waitFor(_ what: String, count: Int = 1, seconds: Int = 60, where matches: @escaping (EngineEvent) -> Bool) -> Bool {
        log.wait(count, seconds, where: matches)
    }
}

/// What an engine told, to be waited for.
private final class EventLog: @unchecked Sendable {
    // Everything is behind the condition's lock.
    private var events: [EngineEvent] = []
    private var lock = pthread_mutex_t()
    private var condition = pthread_cond_t()

    init() {
        pthread_mutex_init(&lock, nil)
        pthread_cond_init(&condition, nil)
    }

    func add(_ event: EngineEvent) {
        pthread_mutex_lock(&lock)
        events.append(event)
        pthread_cond_broadcast(&condition)
        pthread_mutex_unlock(&lock)
    }

    func wait(_ count: Int, _ seconds: Int, where matches: (EngineEvent) -> Bool) -> Bool {
        var deadline = timespec()
        clock_gettime(CLOCK_REALTIME, &deadline)
        deadline.tv_sec += seconds
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        while events.count(where: matches) < count {
            if pthread_cond_timedwait(&condition, &lock, &deadline) != 0 { return false }
        }
        return true
    }
}

extension EngineEvent {
    /// Whether it is an attempt that failed and left the delivery in a state.
    func isFailure(_ state: DeliveryState, attempt: Int? = nil) -> Bool {
        guard case .attemptFailed(let update) = self else { return false }
        return update.state == state && (attempt == nil || update.attempt == attempt)
    }
}

/// How often an engine has looked at the outcome of each delivery's attempts.
final class LookCount: Sendable {
    private let counts = Mutex<[Int64: Int]>([:])
    var all: [Int64: Int] { counts.withLock { $0 } }
    func count(_ delivery: Int64) { counts.withLock { $0[delivery, default: 0] += 1 } }
}
