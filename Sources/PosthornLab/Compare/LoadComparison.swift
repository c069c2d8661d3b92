import PosthornModel

/// Two series of runs held against each other. The unit is the run: requests of one run are not independent of each other, and taken
/// as samples they raise an alarm where nothing differs, more often than not.
public struct LoadComparison: Sendable {
    /// How a figure came out.
    public enum Outcome: String, CaseIterable, Sendable {
        /// It is worse in the second series.
        case worse
        /// It is better there.
        case better
        /// A difference does not show; it may be there, and smaller than what could have been seen.
        case same = "no difference seen"
        /// There are too few runs for any difference to show.
        case unknown = "not known"

        /// Its word in JSON.
        public var key: String { self == .same ? "no_difference_seen" : self == .unknown ? "not_known" : rawValue }
    }

    /// One figure of both series.
    public struct Row: Sendable {
        /// Which one.
        public let figure: LoadRun.Figure
        /// The median of the first series.
        public let first: Double
        /// The median of the second series.
        public let second: Double
        /// The Hodges–Lehmann estimate of the change, as a share of the first median; of errors, which are a share already, the difference.
        public let shift: Double
        /// Between what the change lies in 95 of 100 cases; `nil` with too few runs.
        public let interval: ClosedRange<Double>?
        /// The probability of the Mann–Whitney test, corrected for the number of figures (Holm).
        public let probability: Double
        /// The smallest change that such runs would have shown in 19 of 20 cases, as a share; `nil` when none can.
        public let visible: Double?
        /// How it came out.
        public let outcome: Outcome
    }

    /// The figures, in their order.
    public let rows: [Row]
    /// Figures that not every run has, for there it would be the wait of a request that was never answered.
    public let leftOut: [LoadRun.Figure]
    /// Runs of the first and of the second series.
    public let counts: (first: Int, second: Int)

    /// What counts as a difference at all: below the five in a hundred that are promised, so that forty series of one receiver keep that too.
    public static let level = 0.03
    /// Fewer runs on either side show nothing.
    public static let leastRuns = 4

    /// - Parameters:
    ///   - first: Runs of the one side.
    ///   - second: Runs of the other one.
    ///   - noise: Changes that are smaller than this share are none.
    public init(_ first: [LoadRun], _ second: [LoadRun], noise: Double = 0.01) {
        counts = (first.count, second.count)
        let runs = first + second
        let leftOut = LoadRun.Figure.allCases.filter { figure in runs.contains { $0.figures[figure] == nil } }
        self.leftOut = leftOut
        let kept = first.isEmpty || second.isEmpty ? [] : LoadRun.Figure.allCases.filter { !leftOut.contains($0) }
        let series = kept.map { figure in
            (figure: figure, a: first.compactMap { $0.figures[figure] }, b: second.compactMap { $0.figures[figure] })
        }
        // Without any error in any run there is nothing to test, and the other figures need not pay for it.
        let tested = series.indices.filter { series[$0].figure != .errors || Set(series[$0].a + series[$0].b).count > 1 }
        var probabilities = series.map { _ in 1.0 }
        let corrected = Self.holm(tested.map { RankTest(series[$0].a, series[$0].b).probability })
        for (index, probability) in zip(tested, corrected) { probabilities[index] = probability }
        rows = zip(series, probabilities).map { one, probability in
            Self.row(one.figure, one.a, one.b, probability, figures: tested.count, noise: noise)
        }
    }

    private static func row(
        _ figure: LoadRun.Figure,
        _ a: [Double],
        _ b: [Double],
        _ probability: Double,
        figures: Int,
        noise: Double
    ) -> Row {
        let base = RankTest.median(a)
        // What a change is a share of: errors are percents of what was due.
        let whole = figure == .errors ? 100 : base
        let isEnough = RankTest.leastProbability(a.count, b.count) <= level && whole != 0
        let change = RankTest.shift(from: a, to: b)
        let outcome: Outcome
        if !isEnough {
            outcome = .unknown
        } else if probability <= level, change != 0, abs(change) >= noise * base {
            outcome = (change > 0) == figure.isBetterLarger ? .better : .worse
        } else {
            outcome = .same
        }
        return Row(
            figure: figure,
            first: base,
            second: RankTest.median(b),
            shift: whole == 0 ? 0 : change / whole,
            interval: whole == 0 ? nil : RankTest.interval(from: a, to: b).map { ($0.lowerBound / whole)...($0.upperBound / whole) },
            probability: probability,
            // Of a receiver without errors nothing says how much their share would differ from run to run.
            visible: isEnough && base != 0 ? visible(a, b, figures: figures, noise: noise) * base / whole : nil,
            outcome: outcome
        )
    }

    /// Corrects probabilities for their number, so that together they raise a false alarm as seldom as one (Holm).
    static func holm(_ probabilities: [Double]) -> [Double] {
        var corrected = probabilities
        var largest = 0.0
        for (rank, index) in probabilities.indices.sorted(by: { probabilities[$0] < probabilities[$1] }).enumerated() {
            largest = max(largest, min(1, probabilities[index] * Double(probabilities.count - rank)))
            corrected[index] = largest
        }
        return corrected
    }

    /// The change that the test would see in 19 of 20 cases, from how much the runs of each side differ among themselves: the usual
    /// formula for two means, with the rank test's efficiency of 3/π. The correction for several figures takes its strictest level. It has to be
    /// seen to be more than noise as well.
    private static func visible(_ first: [Double], _ second: [Double], figures: Int, noise: Double) -> Double {
        func squares(_ values: [Double]) -> Double {
            let mean = values.reduce(0, +) / Double(values.count)
            return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        }
        let freedom = Double(first.count + second.count - 2)
        let deviation = ((squares(first) + squares(second)) / freedom).squareRoot()
        let runs = 2 / (1 / Double(first.count) + 1 / Double(second.count))
        let power = Normal.quantile(above: 0.05)
        let width = Normal.quantile(above: level / Double(2 * max(1, figures))) + power
        // With few runs the deviation is itself an estimate.
        let caution = 1 + 2.5 / freedom
        let error = caution * deviation * (2 / (runs * 3 / Double.pi)).squareRoot() / abs(RankTest.median(first))
        return max(width * error, noise + power * error)
    }

    /// How the comparison as a whole came out: worse if any figure is, then not known if any is.
    public var outcome: Outcome {
        let all = Set(rows.map(\.outcome))
        if all.contains(.worse) { return .worse }
        if rows.isEmpty || all.contains(.unknown) { return .unknown }
        return all.contains(.better) ? .better : .same
    }

    /// Why runs cannot be compared; `nil` when they can.
    /// - Parameter runs: All of them, with the names that they go by.
    public static func obstacle(_ runs: [(name: String, run: LoadRun)]) -> String? {
        guard let first = runs.first else { return "there is no run" }
        for (name, run) in runs {
            if let problem = run.problem { return "\(name) \(problem)" }
            if let difference = run.difference(from: first.run) { return "\(name) is another load than \(first.name): \(difference)" }
        }
        return nil
    }
}

extension Normal {
    /// The value that is exceeded in this share of cases.
    static func quantile(above share: Double) -> Double {
        var (low, high) = (-40.0, 40.0)
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if upperTail(middle) > share { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
