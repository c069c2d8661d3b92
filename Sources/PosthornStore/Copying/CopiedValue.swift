/// One value of a row on its way from one store into another.
package enum CopiedValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    /// A text whose bytes are kept as they are, or bytes that are no text.
    case bytes([UInt8])

    /// About how much memory it takes, beside the value itself.
    package var byteCount: Int {
        switch self {
        case .null, .integer, .real: 0
        case .text(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        }
    }
}
