/// Host names in ASCII (RFC 3492), to tell people how to write an international name.
///
/// libcurl would convert such names by the locale of the process, so the same file would mean different hosts on different
/// machines; they are refused instead, and the remedy shows this form. It is a proposal: letters are made lower case and composed.
enum Punycode {
    /// Each label that is not ASCII as `xn--…`.
    static func hostName(_ name: String) -> String {
        let scalars = name.lowercased().flatMap(composed)
        return scalars.split(omittingEmptySubsequences: false) { fullStops.contains($0) }.map { label in
            label.allSatisfy(\.isASCII) ? label.map { String($0) }.joined() : "xn--" + encode(label.map(\.value))
        }.joined(separator: ".")
    }

    /// What separates labels: the full stop and those of East Asian keyboards (RFC 3490, section 3.1).
    private static let fullStops: Set<Unicode.Scalar> = [".", "\u{3002}", "\u{FF0E}", "\u{FF61}"]

    /// Where single scalars are that others can be put together to: letters with marks, kana, and Korean syllables.
    private static let composites: [ClosedRange<UInt32>] = [0xC0...0x1FFF, 0x3040...0x30FF, 0xAC00...0xD7A3]

    /// A character as names are registered: as one scalar where there is one (Unicode's form C). Two texts are equal to Swift when
    /// they are the same in that form.
    private static func composed(_ character: Character) -> [Unicode.Scalar] {
        let scalars = Array(character.unicodeScalars)
        if scalars.count == 1 { return scalars }
        let one = composites.joined().lazy.compactMap(Unicode.Scalar.init).first { Character($0) == character }
        return one.map { [$0] } ?? scalars
    }

    private static let base = 36
    private static let leastThreshold = 1
    private static let greatestThreshold = 26

    private static func encode(_ label: [UInt32]) -> String {
        var output = label.filter { $0 < 0x80 }.map { UInt8($0) }
        let basicCount = output.count
        if basicCount > 0 { output.append(UInt8(ascii: "-")) }
        var next: UInt32 = 128
        var delta = 0
        var bias = 72
        var handled = basicCount
        while handled < label.count {
            let least = label.filter { $0 >= next }.min() ?? next
            delta += Int(least - next) * (handled + 1)
            next = least
            for point in label {
                if point < next { delta += 1 }
                if point == next {
                    append(delta, bias, &output)
                    bias = adapt(delta, handled + 1, isFirst: handled == basicCount)
                    delta = 0
                    handled += 1
                }
            }
            delta += 1
            next += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func append(_ delta: Int, _ bias: Int, _ output: inout [UInt8]) {
        var rest = delta
        var position = base
        while true {
            let threshold = min(max(position - bias, leastThreshold), greatestThreshold)
            if rest < threshold { break }
            output.append(digit(threshold + (rest - threshold) % (base - threshold)))
            rest = (rest - threshold) / (base - threshold)
            position += base
        }
        output.append(digit(rest))
    }

    private static func adapt(_ delta: Int, _ count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var position = 0
        while delta > ((base - leastThreshold) * greatestThreshold) / 2 {
            delta /= base - leastThreshold
            position += base
        }
        return position + (base - leastThreshold + 1) * delta / (delta + 38)
    }

    private static func digit(_ value: Int) -> UInt8 { UInt8(value < 26 ? 97 + value : 22 + value) }
}
