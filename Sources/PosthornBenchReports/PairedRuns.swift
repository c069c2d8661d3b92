/// Two things measured in turns (A B A B …), so that what else the machine does meets both: the ratio of each pair.
package struct PairedRuns {
    package private(set) var pairs: [(ours: Double, theirs: Double)] = []

    package init() {}

    package mutating func add(_ ours: Double, _ theirs: Double) { pairs.append((ours, theirs)) }

    package var ratios: [Double] { pairs.map { $0.theirs == 0 ? 0 : $0.ours / $0.theirs } }

    /// The medians of both, the ratio of each pair and the ratios' median.
    package func figures(_ name: String, _ label: String, _ ours: String, _ theirs: String) -> [Figure] {
        let key = { (text: String) in text.split(separator: " ").joined(separator: "_") }
        return [
            .init("\(name)_\(key(ours))", "\(label), \(ours)", Sample(pairs.map(\.ours)).median),
            .init("\(name)_\(key(theirs))", "\(label), \(theirs)", Sample(pairs.map(\.theirs)).median),
            .init("\(name)_ratio", "ratio of \(label), median", Sample(ratios).median),
        ]
            + ratios.enumerated().map {
                .init("\(name)_ratio_round_\($0.offset + 1)", "ratio of \(label), round \($0.offset + 1)", $0.element)
            }
    }
}
