import PosthornModel
import PosthornStore
import PosthornText

/// Writes down how fast an engine works, for `status`.
final class HeartbeatDuty: EngineDuty {
    // `unchecked` as in ``EngineCore``: noted into for every answer, by one thread alone.
    @exclusivity(unchecked) private var meter = HeartbeatMeter()
    private let clocks: ReceiverClocks
    /// Whether an endpoint has said its time for the first time since the last reading.
    private var hasNewClock = false

    /// Limits that bind, as they are written down next, and when they were looked at last and written last.
    private var limits: [BindingLimit] = []
    private var looked = Timestamp(milliseconds: .min)
    private var written = Timestamp(milliseconds: .min)
    private var hasNewLimits = false

    /// While limits bind they are looked at, and written down, at these distances.
    private static let lookMilliseconds: Int64 = 1000
    private static let writeMilliseconds: Int64 = 5000

    init(_ clocks: ReceiverClocks) { self.clocks = clocks }

    /// Whether limits are to be looked at.
    func wantsLimits(at now: Timestamp) -> Bool {
        now < looked || now >= looked.advanced(byMilliseconds: Self.lookMilliseconds)
    }

    /// Whether it was last said that limits bind.
    var tellsLimits: Bool { !limits.isEmpty }

    /// These limits bind.
    func follow(_ binding: [BindingLimit], at now: Timestamp) {
        looked = now
        let isOld = !binding.isEmpty && (now < written || now >= written.advanced(byMilliseconds: Self.writeMilliseconds))
        if isOld || binding.map(\.node) != limits.map(\.node) { hasNewLimits = true }
        limits = binding
    }

    var hasPendingWrites: Bool { hasNewLimits }

    func look(_ turn: EngineTurn, _ store: any OutboxStore) throws(OutboxProblem) -> Timestamp? {
        limits.isEmpty ? nil : turn.now.advanced(byMilliseconds: Self.lookMilliseconds)
    }

    /// A receiver has answered, and may have said its time.
    func saw(_ outcome: AttemptOutcome, ofEndpoint endpoint: Int) {
        if outcome.receiverDate != nil, clocks.saw(outcome, ofEndpoint: endpoint) { hasNewClock = true }
    }

    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem) {
        // After a failure there is always something to write, so that a commit shows whether the disk takes it.
        let isForced = turn.storageFailed || hasNewClock || hasNewLimits
        guard var reading = meter.reading(at: turn.now, inFlight: turn.inFlight, isForced: isForced, skew: clocks.skew) else { return }
        hasNewClock = false
        reading.limits = limits
        try store.write(pulse: reading)
        written = turn.now
    }

    func committed(_ results: CommittedResults) {
        if hasNewLimits, written >= looked { hasNewLimits = false }
        meter.count(attempts: results.count, delivered: results.delivered)
    }

    func forget(_ endpoint: Int) { clocks.forget(endpoint) }
}
