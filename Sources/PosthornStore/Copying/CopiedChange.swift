package import PosthornText

/// What the list of changes says of a move.
package struct CopiedChange: Sendable {
    package let time: Timestamp
    /// Where it came from.
    package let source: String

    package init(time: Timestamp, source: String) { (self.time, self.source) = (time, source) }
}
