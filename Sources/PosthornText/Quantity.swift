/// Reading of numbers with units, as people write them on a command line.
package enum Quantity {
    /// A unit of a length, with how many of the smallest ones it has.
    package typealias Unit = (suffix: String, factor: Double)

    /// `200ms`, `1.5s`, `10us`, `2m`, `1h` in nanoseconds; `nil` when it is none or above a year.
    package static func nanoseconds(_ text: some StringProtocol) -> Int64? {
        length(
            text,
            [("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12)],
            upTo: 3.2e16
        )
    }

    /// `250ms`, `1.5s`, `10m`, `24h`, `7d` in milliseconds; `nil` when it is none or above thirty thousand years.
    package static func milliseconds(_ text: some StringProtocol) -> Int64? {
        length(text, [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)], upTo: 1e15)
    }

    /// A number with its unit, in the smallest of the units and rounded to a whole one; `nil` when it is none or above the limit.
    private static func length(_ text: some StringProtocol, _ units: [Unit], upTo limit: Double) -> Int64? {
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let number = decimal(text.dropLast(unit.suffix.count)) else { continue }
            let value = (number * unit.factor).rounded()
            return value <= limit ? Int64(value) : nil
        }
        return nil
    }

    /// A share as `1%` or `0.01`, from 0 to 1; `nil` when it is none.
    package static func share(_ text: some StringProtocol) -> Double? {
        let isPercent = text.hasSuffix("%")
        guard let number = decimal(isPercent ? String(text.dropLast()) : String(text)) else { return nil }
        let share = isPercent ? number / 100 : number
        return share <= 1 ? share : nil
    }

    /// Why a text is no share, as half a sentence with what would be one.
    package static func refusal(ofShare text: some StringProtocol) -> String {
        let isPercent = text.hasSuffix("%")
        guard let number = decimal(isPercent ? String(text.dropLast()) : String(text)), number > 1 else {
            return "is not a share; write 1% or 0.01, from 0% to 100%"
        }
        return isPercent ? "is more than 100%; write from 0% to 100%" : "is more than 1, which is 100%; write 2% for two in a hundred"
    }

    /// A share as people write it: `2.5%`.
    package static func percent(_ share: Double) -> String {
        let text = String((share * 1e4).rounded() / 100)
        return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + "%"
    }

    /// A plain decimal number of 0 or more: digits with at most one point between them; no sign, exponent, `inf` or `nan`.
    package static func decimal(_ text: some StringProtocol) -> Double? {
        let digits = text.utf8.count { (0x30...0x39).contains($0) }
        let points = text.utf8.count { $0 == UInt8(ascii: ".") }
        guard digits > 0, digits <= 15, points <= 1, digits + points == text.utf8.count,
            text.first != ".", text.last != "."
        else { return nil }
        return Double(text)
    }
}
