public import PosthornModel
import PosthornText

/// How many requests a second are to be sent, step by step.
///
/// `200` is that rate without end, `200:30s` for half a minute, `500..5000/500:10s` a staircase from 500 to 5000 by 500 with
/// ten seconds on each step (down as well as up); several, parted by commas, follow each other.
public struct RateSpecification: Equatable, Sendable {
    /// One rate that is held for a while.
    public struct Step: Equatable, Sendable {
        /// Requests a second; more than 0.
        public let ratePerSecond: Double
        /// How long, in nanoseconds; `nil` without end, which only the last step may be.
        public let nanoseconds: Int64?

        /// A rate and how long it is held.
        public init(ratePerSecond: Double, nanoseconds: Int64?) {
            self.ratePerSecond = ratePerSecond
            self.nanoseconds = nanoseconds
        }
    }

    /// The steps in their order; at least one.
    public let steps: [Step]

    private static let stepLimit = 10_000

    /// Steps that were checked before.
    init(steps: [Step]) { self.steps = steps }

    /// One rate for a while.
    public init(ratePerSecond: Double, nanoseconds: Int64) {
        self.init(steps: [Step(ratePerSecond: ratePerSecond, nanoseconds: nanoseconds)])
    }

    /// The highest rate of all steps.
    public var peakPerSecond: Double { steps.reduce(0) { max($0, $1.ratePerSecond) } }

    /// Reads a specification.
    /// - Throws: ``InputProblem`` when it is none, with an example of one.
    public init(_ text: String) throws(InputProblem) {
        var steps: [Step] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            if steps.last.map({ $0.nanoseconds == nil }) ?? false {
                throw Self.problem(text, "has a rate without a duration before another; write 100:10s,200")
            }
            steps += try Self.read(part, of: text)
            if steps.count > Self.stepLimit {
                throw Self.problem(text, "has more than \(Self.stepLimit) steps; use a wider step")
            }
        }
        self.steps = steps
    }

    private static func problem(_ text: String, _ reason: String) -> InputProblem {
        InputProblem(field: "rate", value: text, reason: reason)
    }

    private static func read(_ part: Substring, of text: String) throws(InputProblem) -> [Step] {
        let halves = part.split(separator: ":", omittingEmptySubsequences: false)
        let form = "is not a rate; write 200, 200:30s or 500..5000/500:10s (requests a second)"
        guard (1...2).contains(halves.count) else { throw problem(text, form) }
        var nanoseconds: Int64?
        if halves.count == 2 {
            guard let duration = Quantity.nanoseconds(halves[1]), duration > 0 else {
                throw problem(text, "has no duration behind the colon; write it as 500ms, 10s, 5m or 1h")
            }
            nanoseconds = duration
        }
        guard let range = halves[0].firstRange(of: "..") else {
            guard let rate = rate(halves[0]) else { throw problem(text, form) }
            return [Step(ratePerSecond: rate, nanoseconds: nanoseconds)]
        }
        let ends = halves[0][range.upperBound...].split(separator: "/", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = rate(halves[0][..<range.lowerBound]), let last = rate(ends[0]),
            let width = rate(ends[1])
        else { throw problem(text, form) }
        guard nanoseconds != nil else { throw problem(text, "says not how long each step lasts; add :10s") }
        let widths = ((last - first).magnitude / width + 1e-9).rounded(.down)
        guard widths < Double(stepLimit) else { throw problem(text, "has more than \(stepLimit) steps; use a wider step") }
        let count = Int(widths) + 1
        return (0..<count).map { i in
            Step(ratePerSecond: first + (last < first ? -width : width) * Double(i), nanoseconds: nanoseconds)
        }
    }

    private static func rate(_ text: Substring) -> Double? {
        Quantity.decimal(text).flatMap { $0 > 0 && $0 <= 10_000_000 ? $0 : nil }
    }

    /// How long all steps last in nanoseconds; `nil` when the last one has no end.
    public var nanoseconds: Int64? {
        steps.reduce(0) { sum, step in
            guard let sum, let length = step.nanoseconds else { return nil }
            let (total, overflow) = sum.addingReportingOverflow(length)
            return overflow ? .max : total
        }
    }
}
