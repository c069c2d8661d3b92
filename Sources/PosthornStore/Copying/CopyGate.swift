/// A row among an outbox's migrations that keeps every Posthorn program out: an older one takes it for a newer schema.
package struct CopyGate: Sendable, Equatable {
    /// No migration will ever have it.
    package static let number: Int64 = 1_000_000

    /// Why it is shut.
    package enum Kind: String, Sendable {
        /// Its rows are in another outbox by now, or on the way there.
        case moved
        /// Rows of another outbox are being copied into it.
        case filling
    }

    package let kind: Kind
    /// The other outbox's own text, which no two outboxes share but by a copy.
    package let identity: String
    /// The other outbox's name, without a password.
    package let other: String

    package init(_ kind: Kind, identity: String, other: String) { (self.kind, self.identity, self.other) = (kind, identity, other) }

    /// - Parameters:
    ///   - name: The row's name.
    ///   - text: What it has for a checksum.
    package init?(name: String, text: String) {
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard let kind = Kind(rawValue: name), parts.count == 2 else { return nil }
        self.init(kind, identity: String(parts[0]), other: String(parts[1]))
    }

    /// Where an outbox has gone whose filling was given up.
    static let nowhere = "nowhere, since that was given up (delete what is here)"

    /// Whether its filling was given up.
    var isGivenUp: Bool { kind == .moved && other == Self.nowhere }

    /// What the row has for a checksum.
    package var text: String { "\(identity) \(other)" }

    /// Why an outbox cannot be opened.
    package func problem(_ name: String) -> OutboxProblem {
        switch kind {
        case .moved:
            OutboxProblem(
                .schema,
                "the outbox \(name) was moved to \(other) by posthorn migrate-store; name that one with --db, or finish or give up the move if it "
                    + "was broken off (posthorn migrate-store --from … --to …, --abandon)"
            )
        case .filling:
            OutboxProblem(
                .schema,
                "the outbox \(name) is not complete: posthorn migrate-store copies \(other) into it and was broken off, or runs; the same command "
                    + "goes on with it"
            )
        }
    }

    /// What another program's INSERT is answered.
    package var refusal: String {
        switch kind {
        case .moved: "this outbox was moved to \(other) by posthorn migrate-store; insert there"
        case .filling: "this outbox is not complete: posthorn migrate-store copies another one into it"
        }
    }
}
