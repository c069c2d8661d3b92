/// Numbers as people write them beside an axis.
package enum ShortNumber {
    /// 950, 1k, 2.5k, 10M; small ones with up to three decimals.
    package static func text(_ value: Double) -> String {
        for (limit, letter) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where value >= limit {
            return trimmed(value / limit) + letter
        }
        return trimmed(value)
    }

    private static func trimmed(_ value: Double) -> String {
        let scale: Double = value >= 100 ? 1 : value >= 10 ? 10 : 1000
        let text = String((value * scale).rounded() / scale)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
