import PosthornFormats
import PosthornModel
import PosthornText
import PosthornStore
import PosthornSystem
import Synchronization

/// Events on their way into the outbox: checked by the caller's thread, routed and stored by the writer's.
final class EmitBatch: Sendable {
    let events: [Result<Event, InputProblem>]
    private let createdByProducer: [Bool]
    private let keepsOthers: Bool
    private let refusalBox: Mutex<EmitRefusal?>

    init(_ news: [NewEvent], keepsOthers: Bool, at now: Timestamp, _ random: any RandomSource) {
        var checked: [Result<Event, InputProblem>] = []
        checked.reserveCapacity(news.count)
        var refusal: EmitRefusal?
        for i in news.indices {
            do throws(InputProblem) {
                checked.append(.success(try Self.checked(news[i], at: now, random)))
            } catch {
                checked.append(.failure(error))
                if refusal == nil { refusal = EmitRefusal(index: i, problem: error) }
            }
        }
        events = checked
        createdByProducer = news.map { $0.created != nil }
        self.keepsOthers = keepsOthers
        refusalBox = Mutex(refusal)
    }

    /// An event with what it was handed in without.
    static func checked(_ event: NewEvent, at now: Timestamp, _ random: any RandomSource) throws(InputProblem) -> Event {
        if let id = event.id, id.hasPrefix(OwnEventType.idPrefix) {
            throw InputProblem(
                .notAllowed,
                field: "id",
                value: id,
                reason: "begins as the ids of Posthorn's own events do; use one that does not begin with \(OwnEventType.idPrefix)"
            )
        }
        return try Event(
            checking: event.id ?? EventID.make(at: now, random: random.next()),
            type: event.type,
            node: event.node,
            created: event.created ?? now,
            data: event.data,
            traceparent: event.traceparent,
            headers: event.headers
        )
    }

    /// The first event that was refused.
    var refusal: EmitRefusal? { refusalBox.withLock { $0 } }

    /// All events that were refused before anything was asked of the store, by their positions.
    var refusals: [Int: InputProblem] {
        Dictionary(
            uniqueKeysWithValues: events.enumerated().compactMap { i, event in
                if case .failure(let problem) = event { (i, problem) } else { nil }
            }
        )
    }

    /// Stores the events, inside a transaction.
    /// - Parameter outside: Events that are refused without a look at them, and why.
    /// - Throws: `OutboxProblem` of code `refused` when one is refused and the others must not stay.
    func store(
        in store: any EventLog & TopologyLookup & TopologyStore,
        _ router: EventRouter,
        at now: Timestamp,
        leavingOut outside: [Int: InputProblem] = [:]
    ) throws(OutboxProblem) -> [Result<EmittedEvent, InputProblem>] {
        try router.refresh(from: store, at: now)
        var candidates: [NewEventRow] = []
        candidates.reserveCapacity(events.count)
        var uncarried: [[UncarriedDelivery]] = []
        uncarried.reserveCapacity(events.count)
        var problems = outside
        for i in events.indices where outside[i] == nil {
            let refusal: InputProblem
            switch events[i] {
            case .success(let event):
                switch try router.recipients(of: event, from: store, at: now) {
                case .success(let recipients):
                    candidates.append(NewEventRow(event, createdByProducer: createdByProducer[i], recipients: recipients.all))
                    uncarried.append(recipients.uncarried)
                    continue
                case .failure(let problem): refusal = problem
                }
            case .failure(let problem): refusal = problem
            }
            if !keepsOthers { throw refused(i, refusal) }
            problems[i] = refusal
        }
        var acceptances = zip(try store.accept(candidates, at: now), uncarried).makeIterator()
        var results: [Result<EmittedEvent, InputProblem>] = []
        results.reserveCapacity(events.count)
        for i in events.indices {
            if let problem = problems[i] {
                results.append(.failure(problem))
            } else if case .success(let event) = events[i], let (acceptance, uncarried) = acceptances.next() {
                let result = Self.result(event, acceptance, uncarried)
                if case .failure(let problem) = result, !keepsOthers { throw refused(i, problem) }
                results.append(result)
            }
        }
        return results
    }

    private func refused(_ index: Int, _ problem: InputProblem) -> OutboxProblem {
        refusalBox.withLock { $0 = EmitRefusal(index: index, problem: problem) }
        return OutboxProblem(.refused, "\(problem)")
    }

    private static func result(
        _ event: Event,
        _ acceptance: InsertResult,
        _ uncarried: [UncarriedDelivery]
    ) -> Result<EmittedEvent, InputProblem> {
        switch acceptance {
        case .stored(let deliveries):
            return .success(EmittedEvent(id: event.id, isNew: true, deliveries: deliveries, uncarried: uncarried))
        case .known: return .success(EmittedEvent(id: event.id, isNew: false, deliveries: 0, uncarried: []))
        case .knownWithoutData(let digest) where MessageDigest.sha256(event.data) == digest:
            return .success(EmittedEvent(id: event.id, isNew: false, deliveries: 0, uncarried: []))
        case .knownWithoutData, .conflict:
            return .failure(.idInUse(event.id))
        }
    }
}
