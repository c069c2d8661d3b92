/// Whole numbers as people read them.
package enum GroupedDigits {
    /// Digits in groups of three: `-10,000`.
    package static func text(_ number: some BinaryInteger) -> String {
        let digits = Array(String(number.magnitude))
        var out = number < 0 ? "-" : ""
        for (i, digit) in digits.enumerated() {
            if i > 0, (digits.count - i).isMultiple(of: 3) { out += "," }
            out.append(digit)
        }
        return out
    }
}
