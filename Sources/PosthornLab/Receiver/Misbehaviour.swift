public import PosthornModel

/// What a receiver does wrong on request, so that senders can be tested.
///
/// The rules apply in this order, and the first that answers ends it: rate limit, `failFirst`, a fault by chance, `status`.
/// The delay applies to whatever is answered.
public struct Misbehaviour: Sendable {
    /// How a request fails by chance.
    public enum FaultKind: Hashable, Sendable {
        /// Answers this status.
        case status(Int)
        /// Closes the connection without a byte.
        case hangUp
        /// Answers this many milliseconds later than it would have.
        case delay(milliseconds: Int)
        /// Answers 200 and forgets the event.
        case lose
        /// Processes the event two times.
        case twice
    }

    /// A failure and how likely it is.
    public struct Fault: Hashable, Sendable {
        /// What happens.
        public let kind: FaultKind
        /// 0 for never to 1 for always.
        public let probability: Double

        /// A failure that happens with a probability.
        public init(_ kind: FaultKind, probability: Double) {
            self.kind = kind
            self.probability = probability
        }

        /// Reads `503:0.1`, `hangup:1%` or `delay=3000:5%`.
        public init(_ text: String) throws(InputProblem) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let kind = Self.kind(parts[0]), let probability = Self.probability(parts[1]) else {
                throw InputProblem(
                    field: "fault",
                    value: text,
                    reason: "is not a fault; write 503:0.1, hangup:1%, delay=3000:5% (milliseconds), lose:1% or twice:1%"
                )
            }
            self.init(kind, probability: probability)
        }

        private static func kind(_ text: String) -> FaultKind? {
            switch text {
            case "hangup": return .hangUp
            case "lose": return .lose
            case "twice": return .twice
            default: break
            }
            if text.hasPrefix("delay=") {
                return Int(text.dropFirst(6)).flatMap { (0...86_400_000).contains($0) ? .delay(milliseconds: $0) : nil }
            }
            return Int(text).flatMap { (200...599).contains($0) ? .status($0) : nil }
        }

        private static func probability(_ text: String) -> Double? {
            let value = text.hasSuffix("%") ? Double(text.dropLast()).map { $0 / 100 } : Double(text)
            return value.flatMap { (0...1).contains($0) ? $0 : nil }
        }
    }

    /// The first so many attempts of each event (by path, id and type) are answered 500.
    public var failFirst = 0
    /// What an attempt that nothing else stops is answered.
    public var status = 200
    /// How long every answer waits; other requests are served meanwhile.
    public var delayMilliseconds = 0
    /// More requests a second are answered 429 with `Retry-After`; `nil` for no limit.
    public var rateLimitPerSecond: Int?
    /// Failures by chance. The dice fall by `seed`, event and attempt, whatever order requests come in.
    public var faults: [Fault] = []
    /// Where the dice start from.
    public var seed: UInt64 = 0

    /// No misbehaviour.
    public init() {}

    /// The fault that strikes an attempt, if one does: the faults share one throw of the dice, so their probabilities add up.
    func fault(of key: UInt64, attempt: Int) -> FaultKind? {
        if faults.isEmpty { return nil }
        var generator = SeededGenerator(seed: seed ^ key &+ UInt64(attempt) &* 0xD1B5_4A32_D192_ED03)
        var left = generator.fraction()
        for fault in faults {
            if left < fault.probability { return fault.kind }
            left -= fault.probability
        }
        return nil
    }
}
