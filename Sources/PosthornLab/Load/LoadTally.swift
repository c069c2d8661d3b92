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

    /// From the intended moment to the answer, of requests that were answered.
    var latencies = LatencyHistogram()
    /// From the moment they were really started: what a sender that waits for answers would have measured.
    var serviceTimes = LatencyHistogram()
    /// How late requests were started.
    var delays = LatencyHistogram()
    var connects = LatencyHistogram()
    var handshakes = LatencyHistogram()
    var kinds = [KindCount](repeating: KindCount(), count: LoadKind.allCases.count)
    var sentBytes: UInt64 = 0
    var receivedBytes: UInt64 = 0
    var timeline = LoadTimeline()
    var warmUpRequests: UInt64 = 0
    /// Requests that were not sent, because the receiver had asked to be left alone.
    var withheld: UInt64 = 0
    /// Requests that had to wait for a place on the wire.
    var heldBack: UInt64 = 0
    /// When the last answer came, in nanoseconds from the start of the measured part.
    var lastEnd: Int64 = 0
    /// One text for each class of failure, for people.
    var errorTexts: [String: String] = [:]
    /// Every request, where they are kept.
    var samples: [LoadSample] = []
    /// The names of every request, where they are kept.
    var book = SentBook()

    /// Failures of requests of which nothing has left.
    private static let beforeSending: Set<AttemptError> = [.dns, .connect, .tls, .refusedAddress, .unbuildable, .resources]

    /// Takes an answer.
    /// - Parameter start: When the measured part began.
    mutating func take(_ answer: LoadAnswer, _ kind: LoadKind, start: Int64) {
        kinds[kind.rawValue].requests += 1
        if !(answer.error.map(Self.beforeSending.contains) ?? false) { sentBytes += UInt64(answer.sentBytes) }
        receivedBytes += UInt64(answer.receivedBytes)
        lastEnd = max(lastEnd, answer.ended - start)
        if let connection = answer.connection {
            connects.record(connection.connectMicroseconds * 1000)
            if let tls = connection.tlsMicroseconds { handshakes.record(tls * 1000) }
        }
        delays.record(answer.started - answer.ticket.intended)
        let latency = answer.ended - answer.ticket.intended
        if let status = answer.status {
            kinds[kind.rawValue].statuses[status, default: 0] += 1
            latencies.record(latency)
            serviceTimes.record(answer.ended - answer.started)
        } else if let error = answer.error {
            kinds[kind.rawValue].failures[error.rawValue, default: 0] += 1
            if errorTexts[error.rawValue] == nil { errorTexts[error.rawValue] = answer.errorText }
        }
        timeline.take(
            at: answer.ticket.intended - start,
            latency: answer.status == nil ? nil : latency,
            isError: answer.error != nil && kind != .wronglySigned
        )
    }

    mutating func merge(_ other: LoadTally) {
        latencies.merge(other.latencies)
        serviceTimes.merge(other.serviceTimes)
        delays.merge(other.delays)
        connects.merge(other.connects)
        handshakes.merge(other.handshakes)
        for kind in kinds.indices {
            kinds[kind].requests += other.kinds[kind].requests
            kinds[kind].statuses.merge(other.kinds[kind].statuses, uniquingKeysWith: +)
            kinds[kind].failures.merge(other.kinds[kind].failures, uniquingKeysWith: +)
        }
        sentBytes += other.sentBytes
        receivedBytes += other.receivedBytes
        timeline.merge(other.timeline)
        warmUpRequests += other.warmUpRequests
        withheld += other.withheld
        heldBack += other.heldBack
        lastEnd = max(lastEnd, other.lastEnd)
        errorTexts.merge(other.errorTexts) { mine, _ in mine }
        samples += other.samples
        book.merge(other.book)
    }
}
