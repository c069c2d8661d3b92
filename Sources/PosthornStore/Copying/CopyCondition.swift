/// What an outbox is to a move, before or after it.
package struct CopyCondition: Sendable, Equatable {
    /// Whether there are tables, and anything in them.
    package enum Contents: Sendable { case missing, empty, used }

    package let contents: Contents
    /// A text of its own that is copied with it.
    package let identity: String
    package let gate: CopyGate?

    package init(_ contents: Contents, identity: String = "", gate: CopyGate? = nil) {
        (self.contents, self.identity, self.gate) = (contents, identity, gate)
    }
}
