import PosthornModel
import PosthornStore
import PosthornText

/// Everything that an outbox in memory holds, as one value: a transaction works on a copy of its own, and a reader keeps one.
struct Tables: Sendable {
    var topologyGeneration: Int64 = 0
    var queueGeneration: Int64 = 0
    var nodes: [Node] = []
    var endpoints: [EndpointRow] = []
    var revisions: [StoredRevision] = []
    var events: [EventRow] = []
    /// The number of each event, by the bytes of its id.
    var numbers: [[UInt8]: Int64] = [:]
    /// Events that wait for their deliveries, oldest first.
    var arrivals: [Int64] = []
    var deliveries: [DeliveryRow] = []
    var attempts: [Int64: [Attempt]] = [:]
    /// The lanes that deliveries are in, by their numbers.
    var lanes: [Int64: LaneRow] = [:]
    var mails: [MailRow] = []
    var notifications: [NotificationRow] = []
    var throttles: [Int64: Timestamp] = [:]
    var health: [Int64: EndpointHealth] = [:]
    var ownEvents: [Int64: OwnEventRecord] = [:]
    var pulse: EngineHeartbeat?
    var upkeep = UpkeepFacts()
    var faults: [String: String] = [:]
    var faultsAt: Timestamp?
    var servesMails: Bool?
    var withoutContact: Int64 = 0
    var accessKeys: [StoredAccessKey] = []
    var accessKeyGeneration: Int64 = 0
    /// Each with the generation of its last change.
    var portalSessions: [(stored: StoredPortalSession, changed: Int64)] = []
    var portalGeneration: Int64 = 1
    var changes: [ChangeRecord] = []
    var lastChange: Int64 = 0
    /// Whose share each of them uses.
    var changeShares: [Int64: String] = [:]
    var replays: [Replay] = []
    var repeatable: [RepeatableRequest] = []
    var tallies: [Int64: [StatisticsSpan: [Timestamp: AttemptTally]]] = [:]
    /// Another one for each outbox.
    let salt = (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined() + String(repeating: "0", count: 32)
    /// What has changed of the topology that no row says.
    var nodeChanges = NodeChangeLog(nil, full: 0)
    /// What was added to the counts, which are right by themselves.
    var miscounted = OutboxCounts()
    private var lastNumbers: [Numbered: Int64] = [:]

    /// What has numbers of its own.
    enum Numbered: Sendable { case event, delivery, endpoint, revision, mail, replay }

    /// A number that is never given out again.
    mutating func nextNumber(of kind: Numbered) -> Int64 {
        lastNumbers[kind, default: 0] += 1
        return lastNumbers[kind, default: 0]
    }
}

struct EndpointRow: Sendable {
    let key: Int64
    /// Without what is sealed.
    var settings: EndpointSettings
    var sealedCredentials: String?
    var sealedHeaders: String?
    var state: EndpointState
    var reason: String?
    var changed: Timestamp
    /// The topology's generation in which it was last changed.
    var generation: Int64 = 0
}

struct EventRow: Sendable {
    let seq: Int64
    let event: Event
    let isChecked: Bool
    /// Of data that was dropped.
    var digest: String?
}

struct DeliveryRow: Sendable {
    let id: Int64
    let event: Int64
    var revision: Int64
    var state: DeliveryState
    var attempts = 0
    var due: Timestamp?
    var round = DeliveryRound()

    var isReady: Bool { state == .pending && attempts == 0 }
    var isRetry: Bool { state == .pending && attempts > 0 }
    var waits: Bool { state == .pending || state == .held }
}

struct LaneRow: Sendable {
    let endpoint: Int64
    let lane: Int64
    var waits = true
}

struct MailRow: Sendable {
    let key: Int64
    let endpoint: Int64
    var recipient: String
    var state = MailState.waiting
    var closed: Timestamp?
    var attempts = 0
    var due: Timestamp?
    var answer: String?
    var notice: HealthNotice?
}

struct NotificationRow: Sendable {
    let delivery: Int64
    let attempt: Int
    let mail: Int64
    let created: Timestamp
}

// Rows are in the order of their numbers.
extension Tables {
    /// Where the first row with a greater number is.
    static func index<Row>(after number: Int64, in rows: [Row], _ key: (Row) -> Int64) -> Int {
        var (low, high) = (0, rows.count)
        while low < high {
            let middle = (low + high) / 2
            if key(rows[middle]) <= number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func find<Row>(_ number: Int64, in rows: [Row], _ key: (Row) -> Int64) -> Int? {
        let place = index(after: number, in: rows, key) - 1
        return place >= 0 && key(rows[place]) == number ? place : nil
    }

    func place(ofDelivery id: Int64) -> Int? { Self.find(id, in: deliveries, \.id) }
    func place(ofEndpoint key: Int64) -> Int? { Self.find(key, in: endpoints, \.key) }
    func place(ofMail key: Int64) -> Int? { Self.find(key, in: mails, \.key) }
    func place(ofEvent seq: Int64) -> Int? { Self.find(seq, in: events, \.seq) }
    func event(_ seq: Int64) -> EventRow? { Self.find(seq, in: events, \.seq).map { events[$0] } }
    func revision(_ key: Int64) -> StoredRevision? { Self.find(key, in: revisions, \.key).map { revisions[$0] } }
    func event(id: String) -> EventRow? { numbers[Array(id.utf8)].flatMap(event) }

    /// The endpoint that a revision is of.
    func endpoint(ofRevision key: Int64) -> EndpointRow? {
        revision(key).flatMap { place(ofEndpoint: $0.endpoint) }.map { endpoints[$0] }
    }

    /// The revision that new deliveries of an endpoint are pinned to.
    func newestRevision(ofEndpoint key: Int64) -> StoredRevision? { revisions.last { $0.endpoint == key } }

    /// Whether two ids are the same bytes; Swift takes some that are not for equal.
    static func isSame(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
}
