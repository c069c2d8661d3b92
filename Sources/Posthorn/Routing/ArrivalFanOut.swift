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
        for arrival in arrivals {
            // A node that has been removed since has no endpoints left.
            let recipients = (try? directory.recipients(of: arrival.event).all) ?? []
            try store.fanOut(arrival.seq, to: recipients, at: now)
        }
    }
}

/// Looks for events that other programs have inserted, and gives them their deliveries.
final class ArrivalDuty: EngineDuty {
    private let directory: EndpointDirectory
    private let meter: OutboxMeter
    private var mayHaveArrivals = false
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
        if turn.foreignCommit { mayHaveArrivals = try store.hasArrivals() }
        return nil
    }

    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem) {
        if !mayHaveArrivals { return }
        let arrivals = try store.arrivals(limit: Self.arrivalsPerTransaction)
        try ArrivalFanOut.fanOut(arrivals, using: directory, in: store, at: turn.now)
        mayHaveArrivals = !arrivals.isEmpty
        fannedOut = arrivals.count
    }

    func committed(_ results: CommittedResults) {
        meter.accepted(fannedOut, from: .sql)
        fannedOut = 0
    }

    func failed() {
        mayHaveArrivals = true
        fannedOut = 0
    }
}
