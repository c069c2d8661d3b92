import PosthornModel

/// What a load test is to do.
public struct LoadPlan: Sendable {
    /// When requests leave.
    public enum Model: Sendable {
        /// On a schedule, whether or not answers come: what callers who know nothing of each other do.
        case open(RateSpecification, poisson: Bool)
        /// At these moments, in nanoseconds from the start and in order: the pace of events that happened.
        case replay([Int64])
        /// So many connections, each of which sends its next request when it has its answer: peak throughput.
        case closed(connections: Int)
    }

    /// Shares of requests that test the receiver's own checks, each from 0 to 1.
    public struct Shares: Equatable, Sendable {
        /// Signed with another secret.
        public var wronglySigned = 0.0
        /// An event that was sent before, once more.
        public var duplicates = 0.0
        /// Made and signed an hour ago.
        public var late = 0.0
        /// Sent after events that are younger.
        public var reordered = 0.0

        /// None.
        public init() {}

        /// All of them together.
        public var sum: Double { wronglySigned + duplicates + late + reordered }
    }

    /// When requests leave.
    public var model: Model
    /// How long it takes after the warm-up, in nanoseconds; `nil` where `count` or the rate's own steps say so.
    public var nanoseconds: Int64?
    /// How many requests are sent after the warm-up; `nil` for as many as the time allows.
    public var count: UInt64?
    /// How long requests are sent before anything is measured, in nanoseconds.
    public var warmUpNanoseconds: Int64 = 0
    /// Requests on the wire at once in the open model; where it is reached, requests leave late and it is reported.
    public var inFlightLimit = 10_000
    /// How long each connection of the closed model waits after an answer before it sends its next request; `nil` for no time at all.
    public var thinkTime: ThinkTime?
    /// The load ends early when one of these holds.
    public var stopBounds: [StopBound] = []
    /// Sender threads.
    public var threads = 1
    /// The deadline of a request in milliseconds: connect, headers and body together.
    public var timeoutMilliseconds = EndpointSettings.defaultTimeoutMilliseconds
    /// Whether nothing is sent for as long as a 429 or 503 asks to wait.
    public var honoursRetryAfter = true
    /// Where the dice start from.
    public var seed: UInt64 = 0
    /// The number of the first event among those of the same content. Loads that follow each other go on where the one before ended, so
    /// that a receiver that recognizes duplicates sees none.
    public var firstNumber: UInt64 = 0
    /// How much of an even distance lies before the first request, from 0 to 1.
    var phase = 0.0
    /// Whether every request is kept with its times, for exact percentiles: 32 bytes a request.
    public var keepsSamples = false
    /// Whether every request is kept with its names, to be held against a receiver's ledger: 32 bytes a request.
    public var keepsBook = false

    /// Which part of a load it is that several machines share: the part, from 1, and how many there are.
    public private(set) var part: (number: Int, of: Int)?

    /// One machine's part of the load: rate, requests and connections of all parts together are those of the plan.
    /// - Parameters:
    ///   - number: Which part, from 1.
    ///   - count: How many there are.
    public func part(_ number: Int, of count: Int) -> LoadPlan {
        var plan = divided(by: Array(repeating: 1, count: count))[number - 1]
        // Each machine has threads of its own.
        plan.threads = threads
        plan.part = (number, count)
        return plan
    }

    /// The statuses that count as a success; 200 alone, unless a vendor's file says otherwise.
    package var success: [ClosedRange<Int>] = [200...200]

    /// Whether a status counts as a success.
    func isSuccess(_ status: Int) -> Bool { success.contains { $0.contains(status) } }

    /// A plan with the defaults.
    public init(_ model: Model) { self.model = model }

    var timeoutNanoseconds: Int64 { Int64(timeoutMilliseconds) * 1_000_000 }

    /// Whether requests leave at their moments, answers or not.
    public var isOpen: Bool {
        if case .closed = model { return false }
        return true
    }

    /// Where each step of the rate ends, in nanoseconds from the start of the measured part; none where there is one step alone.
    var stepEnds: [Int64] {
        guard case .open(let rates, _) = model, rates.steps.count > 1 else { return [] }
        var end: Int64 = 0
        return rates.steps.map { step in
            let (sum, overflow) = end.addingReportingOverflow(step.nanoseconds ?? .max)
            end = overflow ? .max : sum
            return end
        }
    }

    /// How long the measured part is meant to take in nanoseconds: as given, or until the schedule is over, whichever comes
    /// first; `nil` when the count alone ends it.
    public var plannedNanoseconds: Int64? {
        let ofModel: Int64?
        switch model {
        case .open(let rates, _): ofModel = rates.nanoseconds
        case .replay(let moments): ofModel = (moments.last ?? 0) + 1
        case .closed: ofModel = nil
        }
        return [nanoseconds, ofModel].compactMap { $0 }.min()
    }
}
