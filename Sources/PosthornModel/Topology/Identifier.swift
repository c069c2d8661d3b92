import PosthornText

/// The ids that a platform gives to its nodes and endpoints.
///
/// They are the platform's own, so nearly everything may stand in them, blanks inside as well; in a shell such an id stands
/// in quotes. What is refused would make an id that nobody can type as a list shows it.
public enum Identifier {
    /// The longest id, in bytes of UTF-8.
    public static let limitBytes = 128

    /// Throws unless an id has 1 to 128 bytes, shows in full, and neither begins nor ends with a blank.
    public static func check(_ id: String, field: String) throws(InputProblem) {
        guard (1...limitBytes).contains(id.utf8.count) else {
            throw InputProblem(.outOfRange, field: field, value: id, reason: "must have 1 to \(limitBytes) bytes")
        }
        if let hidden = id.unicodeScalars.first(where: isUntypeable) {
            throw InputProblem(
                field: field,
                value: id,
                reason: "holds \(name(hidden)), which lists cannot show; ids are made of visible characters and blanks"
            )
        }
        if id.first == " " || id.last == " " {
            throw InputProblem(field: field, value: id, reason: "begins or ends with a blank, which lists cannot show; leave it out")
        }
    }

    /// Whether two ids that count as the same are the same bytes. Swift's strings are equal when they look the same, while a
    /// database compares bytes, so an id must be written in one way everywhere.
    public static func isWrittenAlike(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

    /// What to say of an id that is written in two ways.
    public static func writtenInTwoWays(_ id: String, field: String) -> InputProblem {
        InputProblem(
            .conflict,
            field: field,
            value: id,
            reason: "looks like an id that is there, and is made of other Unicode characters; write it in one way everywhere"
        )
    }

    /// Controls, what takes no room, and blanks other than the usual one.
    private static func isUntypeable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        return OneLine.isHidden(scalar) || scalar.properties.isDefaultIgnorableCodePoint || scalar.properties.isWhitespace
    }

    private static func name(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "the character U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
