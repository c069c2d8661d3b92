public import PosthornModel
import PosthornText

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

        /// How faults are written.
        public static let example = "503=10%,hangup=1%,delay:3000=5%,lose=1%,twice=1%"

        /// Reads `503=10%`, `hangup=1%` or `delay:3000=5%`. The signs `=` and `:` are the same here, so that `503:0.1` and
        /// `delay=3000:5%` are understood too.
        public init(_ text: some StringProtocol) throws(InputProblem) {
            func problem(_ reason: String) -> InputProblem { InputProblem(field: "fault", value: String(text), reason: reason) }
            guard let sign = text.lastIndex(where: { $0 == "=" || $0 == ":" }) else {
                throw problem("is not a fault with its share; write some of \(Self.example)")
            }
            let (name, share) = (String(text[..<sign]), text[text.index(after: sign)...])
            if name == "delay" { throw problem("lacks the milliseconds or the share; write delay:3000=5%") }
            guard let kind = Self.kind(name) else {
                let word = String(name.prefix { $0 != "=" && $0 != ":" })
                if !Self.names.contains(word), let near = Suggestion.nearest(to: word, among: Self.names) {
                    throw problem("is not known; did you mean \"\(near)\"?")
                }
                throw problem("is not a fault; write some of \(Self.example)")
            }
            guard let probability = Quantity.share(share) else { throw problem(Quantity.refusal(ofShare: share)) }
            self.init(kind, probability: probability)
        }

        /// Those that are words.
        private static let names = ["hangup", "delay", "lose", "twice"]

        private static func kind(_ text: String) -> FaultKind? {
            switch text {
            case "hangup": return .hangUp
            case "lose": return .lose
            case "twice": return .twice
            default: break
            }
            if text.hasPrefix("delay=") || text.hasPrefix("delay:") {
                return Int(text.dropFirst(6)).flatMap { (0...86_400_000).contains($0) ? .delay(milliseconds: $0) : nil }
            }
            return Int(text).flatMap { (200...599).contains($0) ? .status($0) : nil }
        }
    }

    /// Reads lists of faults, parted by commas: `503=10%,hangup=1%`.
    /// - Throws: Which one is none, or that they are more than 100% together: an attempt meets one of them at most.
    public static func faults(_ lists: [String]) throws(InputProblem) -> [Fault] {
        var faults: [Fault] = []
        for list in lists {
            for part in list.split(separator: ",", omittingEmptySubsequences: false) { faults.append(try Fault(part)) }
        }
        let sum = faults.reduce(0) { $0 + $1.probability }
        if sum > 1 + 1e-9 {
            throw InputProblem(
                .outOfRange,
                field: "fault",
                value: lists.joined(separator: ","),
                reason: "is \(Quantity.percent(sum)) together; an attempt meets one fault at most, so write at most 100% in all"
            )
        }
        return faults
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
