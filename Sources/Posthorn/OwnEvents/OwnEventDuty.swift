import PosthornModel
import PosthornStore
import PosthornText

/// Writes an engine's own events with what they report: results and other duties hand them in while a transaction goes on, and it comes
/// behind them.
final class OwnEventDuty: EngineDuty {
    private let directory: EndpointDirectory
    private let meter: OutboxMeter
    private let speed: Double
    private var sheet: OwnEventSheet
    /// Events that the transaction has written.
    private var written = 0

    init(_ directory: EndpointDirectory, _ meter: OutboxMeter, speed: Double) {
        self.directory = directory
        self.meter = meter
        self.speed = speed
        sheet = OwnEventSheet(speed: speed)
    }

    /// A transaction begins.
    func begin() {
        sheet = OwnEventSheet(speed: speed)
        written = 0
    }

    func add(_ change: HealthDuty.Change, _ store: any OwnEventJournal) throws(OutboxProblem) {
        guard let index = directory.index(ofEndpoint: change.endpoint) else { return }
        let (endpoint, isOrdinary) = (directory[index].stored, change.isOrdinary)
        let (health, former, cause) = (change.health, change.former, change.cause)
        try sheet.add(health, from: former, of: endpoint, isOrdinary: isOrdinary, store, at: change.at, cause: cause) { [directory] in
            directory.recipients(ofOwn: $0)
        }
    }

    func add(
        exhausted delivery: Int64,
        attempt: Int,
        _ outcome: AttemptOutcome,
        of event: Event,
        at endpoint: StoredEndpoint,
        _ store: any OwnEventJournal,
        at now: Timestamp
    ) throws(OutboxProblem) {
        try sheet.add(exhausted: delivery, attempt: attempt, outcome, of: event, at: endpoint, store, at: now) { [directory] in
            directory.recipients(ofOwn: $0)
        }
    }

    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem) { written = try sheet.write(to: store, at: turn.now) }

    func committed(_ results: CommittedResults) { meter.accepted(written, from: .posthorn) }
}
