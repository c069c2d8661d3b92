import PosthornModel
import PosthornText
import PosthornFormats
import PosthornSending

/// A request that was made.
struct LoadRequest {
    let kind: LoadKind
    /// What it carries; `nil` for a body that is always the same.
    var event: Event?
    /// The place of the event's type among the content's types.
    var type: Int?
}

/// Makes one thread's requests: which event, of which kind, in which order. The same seed makes the same choices.
struct RequestFactory {
    private let content: LoadContent
    private let shares: LoadPlan.Shares
    /// What makes the next event's object another one than all others, and how far it is to this thread's next number.
    private(set) var number: UInt64
    private let step: UInt64
    /// Which of the content's events is next, and how far it is to the one after it.
    private var place: UInt64
    private let placeStep: UInt64
    private var random: SeededGenerator
    private var recent: [Event] = []
    private var sent: UInt64 = 0
    private var held: [(due: UInt64, event: Event)] = []
    private let typeIndexes: [String: Int]

    /// Duplicates are of events among the latest so many.
    private static let recentLimit = 64
    /// A reordered event leaves after so many younger ones.
    private static let reorderDistance: UInt64 = 5
    private static let lateMilliseconds: Int64 = 3_600_000

    /// - Parameters:
    ///   - thread: Whose requests they are, so that no two threads send the same event.
    ///   - first: The number of the load's first event.
    init(_ content: LoadContent, _ shares: LoadPlan.Shares, seed: UInt64, thread: LoadThread, from first: UInt64 = 0) {
        self.content = content
        self.shares = shares
        step = UInt64(thread.count)
        number = first + UInt64(thread.number)
        if content.isRecorded {
            // What happened goes out once, in its order: the threads share it as they share its moments.
            (place, placeStep) = (UInt64(thread.number), step)
        } else {
            // Every thread takes all events in turn, whatever the number of threads is: the order has a short period, and one that took
            // every second of them would have one of two types alone. Those of one receiver begin apart from each other.
            (place, placeStep) = (UInt64(thread.numberAtReceiver * content.count / thread.countAtReceiver), 1)
        }
        random = SeededGenerator(seed: seed, "load", UInt64(thread.number))
        typeIndexes = Dictionary(uniqueKeysWithValues: content.types.enumerated().map { ($0.element, $0.offset) })
    }

    var signsTime: Bool { content.signsTime }

    /// The digest that names a request; the event's id where a vendor's requests of the same bytes may be different events.
    func digest(of event: Event, in request: OutboundRequest, _ url: EndpointURL) -> String {
        if content.vendor?.file.description.identity != nil { return event.id }
        return MessageDigest.sha256(request.body.isEmpty ? url.query(adding: request.query) : request.body)
    }

    /// The name by which a receiver knows the object or the event of a request; `nil` when it has none.
    func object(of event: Event, in request: OutboundRequest) -> [UInt8]? {
        content.vendor.map { $0.identity(of: request) } ?? IdentityStamp.identity(in: event.data)
    }

    /// The number of content that is always the same; `nil` where each request is another.
    var fixedContent: Int? {
        if case .fixed = content.kind { return 0 }
        return nil
    }

    /// The content that is always the same.
    func writeFixed(into request: inout OutboundRequest) {
        if case .fixed(let fixed) = content.kind { request = fixed }
    }

    /// Writes the next request, unless it is always the same.
    mutating func write(into request: inout OutboundRequest, at now: Timestamp) -> LoadRequest {
        if case .recorded(let requests, let renewal) = content.kind {
            let recorded = requests.all[Int(place % UInt64(requests.all.count))]
            advance(by: 1)
            // What cannot be signed was refused when the content was made.
            request = recorded.request(renewed: (try? renewal?.headers(of: recorded, at: now)) ?? [])
            return LoadRequest(kind: .plain, type: recorded.type.flatMap { typeIndexes[$0] })
        }
        guard case .events(let pool, let right, let wrong) = content.kind else { return LoadRequest(kind: .plain) }
        let (kind, event) = choose(pool, at: now)
        let composer = kind == .wronglySigned ? wrong ?? right : right
        let moment = kind == .late ? now.advanced(byMilliseconds: -Self.lateMilliseconds) : now
        // What the format cannot carry was refused when the content was made; a request that lacked its signature would
        // show as a failure.
        _ = try? composer.compose(AcceptedEvent(event), attempt: 1, at: moment, into: &request)
        return LoadRequest(kind: kind, event: event, type: typeIndexes[event.type])
    }

    /// Leaves an event out, because its moment has passed.
    /// - Returns: The place of its type among the content's types.
    mutating func skip() -> Int? {
        defer { advance(by: 1) }
        return type(at: place)
    }

    /// The same of several.
    /// - Returns: How many there are of each type.
    mutating func skip(_ count: UInt64) -> [Int: UInt64] {
        // Far more may be left out than there are, and then all of them have had their turns.
        let (rounds, rest) = count.quotientAndRemainder(dividingBy: UInt64(content.count))
        var counts: [Int: UInt64] = [:]
        for turn in 0..<min(count, UInt64(content.count)) {
            guard let type = type(at: place &+ placeStep &* turn) else { continue }
            counts[type, default: 0] += rounds + (turn < rest ? 1 : 0)
        }
        advance(by: count)
        return counts
    }

    private func type(at place: UInt64) -> Int? { content.type(at: place).flatMap { typeIndexes[$0] } }

    private mutating func advance(by count: UInt64) {
        number &+= step &* count
        place &+= placeStep &* count
    }

    private mutating func choose(_ pool: EventPool, at now: Timestamp) -> (LoadKind, Event) {
        sent += 1
        if let first = held.first, first.due <= sent {
            held.removeFirst()
            return (.reordered, first.event)
        }
        if shares.sum == 0 { return (.plain, fresh(pool, at: now)) }
        let dice = random.fraction()
        var edge = shares.wronglySigned
        if dice < edge { return (.wronglySigned, fresh(pool, at: now)) }
        edge += shares.duplicates
        if dice < edge, !recent.isEmpty { return (.duplicate, recent[random.below(recent.count)]) }
        let lateFrom = edge
        edge += shares.late
        if dice >= lateFrom, dice < edge {
            return (.late, fresh(pool, at: now.advanced(byMilliseconds: -Self.lateMilliseconds)))
        }
        let reorderedFrom = edge
        edge += shares.reordered
        if dice >= reorderedFrom, dice < edge { held.append((sent + Self.reorderDistance, fresh(pool, at: now))) }
        let event = fresh(pool, at: now)
        if shares.duplicates > 0 { remember(event) }
        return (.plain, event)
    }

    private mutating func remember(_ event: Event) {
        if recent.count < Self.recentLimit { recent.append(event) } else { recent[random.below(recent.count)] = event }
    }

    private mutating func fresh(_ pool: EventPool, at created: Timestamp) -> Event {
        defer { advance(by: 1) }
        return pool.event(number, place: place, id: EventID.make(at: created, random: random.next()), created: created)
    }
}
