import PosthornModel
import PosthornSending

/// What one thread of a load has measured; tallies of several threads add up.
struct LoadTally: Sendable {
    /// How requests of one kind were answered.
    struct KindCount: Sendable, Equatable {
        var requests: UInt64 = 0
        var statuses: [Int: UInt64] = [:]
        /// Failures without a status, by their class.
        var failures: [String: UInt64] = [:]
    }

    /// Of all requests.
    var all = LoadMeasurements()
    /// Of the requests of each step of the rate, in order.
    var steps: [LoadMeasurements]
    /// Of the requests of each type of event, in the order of the content's types.
    var types: [LoadMeasurements]
    /// From the moment they were really started, of expected answers: what a sender that waits for answers would have measured.
    var serviceTimes = LatencyHistogram()
    /// The same of requests without an answer.
    var unansweredTimes = LatencyHistogram()
    /// How late requests were started.
    var delays = LatencyHistogram()
    var connects = LatencyHistogram()
    var handshakes = LatencyHistogram()
    /// Connections by the address that they lead to.
    var addresses: [String: UInt64] = [:]
    var kinds = [KindCount](repeating: KindCount(), count: LoadKind.allCases.count)
    var sentBytes: UInt64 = 0
    var receivedBytes: UInt64 = 0
    var timeline = LoadTimeline()
    var warmUpRequests: UInt64 = 0
    /// Requests that had to wait for a place on the wire.
    var heldBack: UInt64 = 0
    /// One text for each class of failure, for people.
    var errorTexts: [String: String] = [:]
    /// Every request that has ended, where they are kept.
    var samples: [LoadSample] = []
    /// What was given up, where samples are kept.
    var abandoned: [AbandonedRequests] = []
    /// The names of every request, where they are kept.
    var book = SentRequests()

    /// Failures of requests of which nothing has left.
    private static let beforeSending: Set<AttemptError> = [.dns, .connect, .tls, .refusedAddress, .unbuildable, .resources]

    /// - Parameters:
    ///   - steps: How many steps the rate has.
    ///   - types: How many types of events there are.
    init(steps: Int = 0, types: Int = 0) {
        self.steps = Array(repeating: LoadMeasurements(), count: steps)
        self.types = Array(repeating: LoadMeasurements(), count: types)
    }

    /// Takes the result of a request.
    /// - Parameters:
    ///   - start: When the measured part began.
    ///   - step: The step of the rate that it belongs to, if there are any.
    ///   - type: The type of its event, if it has one.
    mutating func take(_ ending: LoadMeasurements.Ending, _ kind: LoadKind, start: Int64, step: Int? = nil, type: Int? = nil) {
        let answer = ending.answer
        all.take(ending, start: start)
        if let step, steps.indices.contains(step) { steps[step].take(ending, start: start) }
        if let type, types.indices.contains(type) { types[type].take(ending, start: start) }
        if !(answer.error.map(Self.beforeSending.contains) ?? false) { sentBytes += UInt64(answer.sentBytes) }
        receivedBytes += UInt64(answer.receivedBytes)
        if let connection = answer.connection {
            connects.record(connection.connectMicroseconds * 1000)
            addresses[connection.address, default: 0] += 1
            if let tls = connection.tlsMicroseconds { handshakes.record(tls * 1000) }
        }
        delays.record(answer.started - answer.ticket.intended)
        if let status = ending.status {
            kinds[kind.rawValue].statuses[status, default: 0] += 1
        } else {
            let error = answer.error ?? .other
            kinds[kind.rawValue].failures[error.rawValue, default: 0] += 1
            if errorTexts[error.rawValue] == nil { errorTexts[error.rawValue] = answer.errorText }
        }
        kinds[kind.rawValue].requests += 1
        if ending.isExpected {
            serviceTimes.record(answer.ended - answer.started)
        } else if ending.isUnanswered {
            unansweredTimes.record(answer.ended - answer.started)
        }
        timeline.take(at: answer.ticket.intended - start, ending)
    }

    /// Takes a request that was not sent, because the receiver had asked to be left alone.
    mutating func withhold(step: Int?, type: Int? = nil) {
        all.withhold()
        if let step, steps.indices.contains(step) { steps[step].withhold() }
        if let type, types.indices.contains(type) { types[type].withhold() }
    }

    /// Takes what a load gave up at its end.
    /// - Parameters:
    ///   - counts: How many of them are of each type.
    ///   - keepsSamples: Whether there is to be a line for each.
    mutating func take(_ abandoned: AbandonedRequests, types counts: [Int: UInt64] = [:], keepsSamples: Bool = false) {
        let (wasHeldBack, waited) = (abandoned.wasHeldBack, abandoned.waited)
        for (type, count) in counts where types.indices.contains(type) {
            types[type].abandon(count, wasHeldBack: wasHeldBack, waited: waited)
        }
        let text =
            wasHeldBack
            ? "not sent: every place on the wire was taken until the time was over"
            : "not sent: this machine could not keep the schedule, and the time was over"
        timeline.reach(abandoned.length - 1)
        for portion in abandoned.portions(of: timeline.nanoseconds, isCountedOneByOne: keepsSamples) {
            all.abandon(portion.count, wasHeldBack: wasHeldBack, waited: waited)
            if steps.indices.contains(portion.step) { steps[portion.step].abandon(portion.count, wasHeldBack: wasHeldBack, waited: waited) }
            takeUnsent(portion.count, at: portion.moment, wasHeldBack: wasHeldBack, waited: waited, text)
        }
        if keepsSamples { self.abandoned.append(abandoned) }
    }

    /// Takes a request that was due when the load was stopped, and had not left.
    /// - Parameters:
    ///   - moment: When it was due, from the start of the measured part.
    ///   - wasHeldBack: Whether it waited for a place on the wire.
    ///   - waited: How long it had waited, in nanoseconds.
    ///   - keepsSamples: Whether there is to be a line for it.
    mutating func giveUp(_ moment: Int64, wasHeldBack: Bool, step: Int?, type: Int?, waited: Int64, keepsSamples: Bool = false) {
        if keepsSamples { samples.append(LoadSample(abandoned: moment, waited: waited)) }
        all.giveUp(wasHeldBack: wasHeldBack, waited: waited)
        if let step, steps.indices.contains(step) { steps[step].giveUp(wasHeldBack: wasHeldBack, waited: waited) }
        if let type, types.indices.contains(type) { types[type].giveUp(wasHeldBack: wasHeldBack, waited: waited) }
        let text =
            wasHeldBack
            ? "not sent: every place on the wire was taken until the load was stopped"
            : "not sent: this machine could not keep the schedule until the load was stopped"
        takeUnsent(1, at: moment, wasHeldBack: wasHeldBack, waited: waited, text)
    }

    /// Counts requests that did not leave in time, beside what was measured of them.
    private mutating func takeUnsent(_ count: UInt64, at moment: Int64, wasHeldBack: Bool, waited: Int64, _ text: String) {
        let error = LoadMeasurements.error(wasHeldBack: wasHeldBack).rawValue
        timeline.abandon(count, at: moment, waited: wasHeldBack ? waited : nil)
        kinds[LoadKind.plain.rawValue].requests += count
        kinds[LoadKind.plain.rawValue].failures[error, default: 0] += count
        if errorTexts[error] == nil { errorTexts[error] = text }
    }

    mutating func merge(_ other: LoadTally) {
        all.merge(other.all)
        for i in steps.indices { steps[i].merge(other.steps[i]) }
        for i in types.indices { types[i].merge(other.types[i]) }
        serviceTimes.merge(other.serviceTimes)
        unansweredTimes.merge(other.unansweredTimes)
        delays.merge(other.delays)
        connects.merge(other.connects)
        handshakes.merge(other.handshakes)
        addresses.merge(other.addresses, uniquingKeysWith: +)
        for kind in kinds.indices {
            kinds[kind].requests += other.kinds[kind].requests
            kinds[kind].statuses.merge(other.kinds[kind].statuses, uniquingKeysWith: +)
            kinds[kind].failures.merge(other.kinds[kind].failures, uniquingKeysWith: +)
        }
        sentBytes += other.sentBytes
        receivedBytes += other.receivedBytes
        timeline.merge(other.timeline)
        warmUpRequests += other.warmUpRequests
        heldBack += other.heldBack
        errorTexts.merge(other.errorTexts) { mine, _ in mine }
        samples += other.samples
        abandoned += other.abandoned
        book.merge(other.book)
    }
}
