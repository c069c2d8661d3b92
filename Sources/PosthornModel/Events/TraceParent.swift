/// The header `traceparent` of W3C Trace Context, which ties an event to the trace that it was emitted in.
public enum TraceParent {
    /// The header's name, and that of a member of an event line.
    package static let name = "traceparent"

    /// The only version that there is so far.
    private static let version = "00-"
    /// The lengths of version, trace id, parent id and flags.
    private static let partLengths = [2, 32, 16, 2]
    /// Those of the parts, by their position, that may not be all zeros.
    private static let idParts = 1...2

    /// Throws unless `text` is a `traceparent` of version 00 (W3C Trace Context, section 3.2): lower-case hexadecimal, and neither id
    /// all zeros.
    public static func check(_ text: String) throws(InputProblem) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let isValid =
            text.hasPrefix(version) && parts.map(\.count) == partLengths && parts.allSatisfy { $0.allSatisfy(isHexDigit) }
            && idParts.allSatisfy { part in parts[part].contains { $0 != UInt8(ascii: "0") } }
        if isValid { return }
        throw InputProblem(
            field: name,
            value: text,
            reason: "is not a traceparent; write it as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        )
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
