import PosthornModel
import PosthornStore
import PosthornText

/// Gives events that were inserted by SQL their deliveries. `apply` does it too, so that what was accepted before a change
/// of the hierarchy goes where it was to go then.
enum ArrivalFanOut {
    static func fanOut(
        _ arrivals: [UnroutedEvent],
        using directory: EndpointDirectory,
        in store: any EventLog,
        at now: Timestamp
    ) throws(OutboxProblem) {
        if arrivals.isEmpty { return }
        // A node that has been removed since has no endpoints left.
        try store.fanOut(arrivals.map { ($0.seq, (try? directory.recipients(of: $0.event).all) ?? []) }, at: now)
    }

    /// The same for a process that may have no engine, which then reads their branches alone.
    static func fanOut(
        _ arrivals: [UnroutedEvent],
        using router: EventRouter,
        in store: any OutboxStore,
        at now: Timestamp
    ) throws(OutboxProblem) {
        if arrivals.isEmpty { return }
        var recipients: [(seq: Int64, recipients: [Recipient])] = []
        for arrival in arrivals {
            let found = try router.recipients(of: arrival.event, from: store, at: now)
            recipients.append((arrival.seq, (try? found.get().all) ?? []))
        }
        try store.fanOut(recipients, at: now)
    }
}

/// Looks for events that other programs have inserted, and gives them their deliveries.
final class ArrivalDuty: EngineDuty {
    private let directory: EndpointDirectory
    private let meter: OutboxMeter
    private var mayHaveArrivals = false
    /// Whether there may be more than one transaction takes.
    private var looksAgain = false
    /// Events that the transaction gives their deliveries.
    private var fannedOut = 0

    /// Events that one transaction fans out.
    private static let arrivalsPerTransaction = 1000

    init(_ directory: EndpointDirectory, _ meter: OutboxMeter) {
        self.directory = directory
        self.meter = meter
    }

    var hasPendingWrites: Bool { mayHaveArrivals }

    func look(_ turn: EngineTurn, _ store: any OutboxStore) throws(OutboxProblem) -> Timestamp? {
        if turn.foreignCommit || looksAgain { mayHaveArrivals = try store.hasArrivals() }
        looksAgain = false
        return nil
    }

    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem) {
        if !mayHaveArrivals { return }
        let arrivals = try store.arrivals(limit: Self.arrivalsPerTransaction)
        try ArrivalFanOut.fanOut(arrivals, using: directory, in: store, at: turn.now)
        fannedOut = arrivals.count
    }

    func committed(_ results: CommittedResults) {
        if mayHaveArrivals { looksAgain = true }
        mayHaveArrivals = false
        meter.accepted(fannedOut, from: .sql)
        fannedOut = 0
    }

    func failed() {
        mayHaveArrivals = true
        fannedOut = 0
    }
}
