/// Where a part of a list of numbered rows begins, newest first.
package enum ListPlace: Sendable, Equatable {
    /// With the newest.
    case beginning
    /// With the newest of those that are older than this one.
    case behind(Int64)
    /// With those that are newer than this one, ending next to it.
    case before(Int64)

    /// Only rows with a smaller number.
    var below: Int64? { if case .behind(let number) = self { number } else { nil } }
    /// Only rows with a greater number.
    var above: Int64? { if case .before(let number) = self { number } else { nil } }
}
