import Glibc

/// Numbers inside of SVG text.
package enum SVGNumber {
    /// A coordinate; tenths of a pixel are enough.
    package static func text(_ value: Double) -> String {
        let text = String((value * 10).rounded() / 10)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
