public import PosthornModel
import PosthornText

/// How many requests a second are to be sent, step by step.
///
/// `200` is that rate without end, `200:30s` for half a minute, `50..500:30s` a ramp that goes evenly from 50 to 500 (down as well as
/// up), `500..5000/500:10s` a staircase from 500 to 5000 by 500 with ten seconds on each step; several, parted by commas, follow each
/// other.
public struct RateSpecification: Equatable, Sendable {
    /// One rate that is held for a while, or a ramp from one rate to another.
    public struct Step: Equatable, Sendable {
        /// Requests a second, of a ramp at its start; more than 0, but at one end of a ramp.
        public let ratePerSecond: Double
        /// Requests a second at the end; the same where the rate is held.
        public let endRatePerSecond: Double
        /// How long, in nanoseconds; `nil` without end, which only the last step may be and no ramp.
        public let nanoseconds: Int64?

        /// A rate and how long it is held.
        public init(ratePerSecond: Double, nanoseconds: Int64?) {
            self.ratePerSecond = ratePerSecond
            endRatePerSecond = ratePerSecond
            self.nanoseconds = nanoseconds
        }

        /// A ramp: the rate goes evenly from one to the other.
        public init(from first: Double, to last: Double, nanoseconds: Int64) {
            ratePerSecond = first
            endRatePerSecond = last
            self.nanoseconds = nanoseconds
        }

        /// Whether the rate changes all the time.
        var isRamp: Bool { ratePerSecond != endRatePerSecond }

        /// Requests a second on average.
        var meanPerSecond: Double { (ratePerSecond + endRatePerSecond) / 2 }

        /// How many requests are due in all; `nil` without end.
        var due: Double? { nanoseconds.map { meanPerSecond * Double($0) / 1e9 } }

        /// When so many requests are due, in nanoseconds from the step's start.
        func moment(of count: Double) -> Double {
            guard isRamp, let nanoseconds else { return count / ratePerSecond * 1e9 }
            if count <= 0 { return 0 }
            let length = Double(nanoseconds) / 1e9
            // The zero of a t + (b - a) t² / 2 T - count, in the form that loses no digits where a and b are nearly the same.
            let root = max(0, ratePerSecond * ratePerSecond + 2 * count * (endRatePerSecond - ratePerSecond) / length).squareRoot()
            return 2 * count / (ratePerSecond + root) * 1e9
        }

        /// How many requests are due until a moment, in nanoseconds from the step's start.
        func count(until moment: Double) -> Double {
            guard isRamp, let nanoseconds else { return ratePerSecond * moment / 1e9 }
            if moment >= Double(nanoseconds) { return .infinity }
            let seconds = moment / 1e9
            return seconds * (ratePerSecond + (endRatePerSecond - ratePerSecond) * moment / Double(nanoseconds) / 2)
        }

        /// The step in words: `200`, or `50..500` for a ramp.
        package func words(_ number: (Double) -> String) -> String {
            isRamp ? "\(number(ratePerSecond))..\(number(endRatePerSecond))" : number(ratePerSecond)
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
    public var peakPerSecond: Double { steps.reduce(0) { max($0, $1.ratePerSecond, $1.endRatePerSecond) } }

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
        let form = "is not a rate; write 200, 200:30s, 50..500:30s or 500..5000/500:10s (requests a second)"
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
        if ends.count == 1 { return [try ramp(halves[0][..<range.lowerBound], ends[0], nanoseconds, text, form)] }
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

    private static func ramp(
        _ first: Substring,
        _ last: Substring,
        _ nanoseconds: Int64?,
        _ text: String,
        _ form: String
    ) throws(InputProblem) -> Step {
        func end(_ part: Substring) -> Double? { Quantity.decimal(part) == 0 ? 0 : rate(part) }
        guard let first = end(first), let last = end(last), max(first, last) > 0 else { throw problem(text, form) }
        guard let nanoseconds else { throw problem(text, "says not how long the ramp takes; add :30s") }
        if first == last { return Step(ratePerSecond: first, nanoseconds: nanoseconds) }
        return Step(from: first, to: last, nanoseconds: nanoseconds)
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
