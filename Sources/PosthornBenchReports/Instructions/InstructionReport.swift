import PosthornModel
import PosthornText

/// Instructions a delivery, in all and by shared object: what a run needs beyond a smaller one, so that the start and the end of
/// the process, which both have, are left out.
package struct InstructionReport: BenchResult {
    /// A counted run.
    package struct Run: Equatable, Sendable {
        package let deliveries: Int
        package let count: InstructionCount

        package init(deliveries: Int, count: InstructionCount) {
            self.deliveries = deliveries
            self.count = count
        }
    }

    /// What was measured, in one line.
    package let title: String
    /// The settings it was measured with.
    package let settings: [(name: String, value: Int)]
    /// What was done and who counted, in words for programs.
    package let words: [(name: String, value: String)]
    private let smaller: Run
    private let larger: Run

    package init(
        title: String,
        settings: [(name: String, value: Int)],
        words: [(name: String, value: String)],
        smaller: Run,
        larger: Run
    ) {
        self.title = title
        self.settings = settings
        self.words = words
        self.smaller = smaller
        self.larger = larger
    }

    /// Instructions of each delivery that the larger run has more.
    private var perDelivery: Double { each(larger.count.total - smaller.count.total) }

    private func each(_ count: Int) -> Double { Double(count) / Double(max(1, larger.deliveries - smaller.deliveries)) }

    /// Objects with less than this share stand together.
    private static let leastShare = 0.005

    /// The same by object, the largest first, and behind them all that are small; none where only the total was counted.
    private var objects: [(name: String, value: Double)] {
        let all = larger.count.beyond(smaller.count).byObject.map { (name: $0.key, value: each($0.value)) }
        let large = all.filter { $0.value >= perDelivery * Self.leastShare }.sorted { ($1.value, $0.name) < ($0.value, $1.name) }
        if large.isEmpty { return [] }
        return large + [("others", perDelivery - large.reduce(0) { $0 + $1.value })]
    }

    package var figures: [Figure] {
        let parts = objects.map { object in
            let key = String(object.name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
            return Figure("instructions_per_delivery_\(key)", "instructions a delivery in \(object.name)", object.value)
        }
        return [Figure("instructions_per_delivery", "instructions a delivery", perDelivery)] + parts
    }

    package var table: String {
        func row(_ name: String, _ value: Double) -> [String] {
            [name, Figure.rounded(value), Figure.rounded((value / perDelivery * 1000).rounded() / 10) + " %"]
        }
        let rows = [["in", "instructions", "share"]] + objects.map { row($0.name, $0.value) } + [row("a delivery, in all", perDelivery)]
        return ([title] + TextColumns.lines(rows, numbersFrom: 1)).joined(separator: "\n")
    }

    package var json: String {
        var members = settings.map { JSONValue.Member($0.name, .number(String($0.value))) }
        members += words.map { .init($0.name, .string($0.value)) }
        members += figures.map { .init($0.name, .number(Figure.rounded($0.value))) }
        return JSONValue.object(members).text
    }
}
