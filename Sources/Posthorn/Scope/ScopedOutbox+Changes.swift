package import PosthornModel
import PosthornStore
import PosthornText

extension ScopedOutbox {
    /// Rows of the list of changes that are read at a time.
    private static let changeBatch = 500

    /// A page of what people changed in the tree, newest first.
    package func changes(from place: ListPlace, limit: Int) throws -> ScopedPage<ChangeRecord> {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            var page = ScopedPage<ChangeRecord>()
            var (below, above) = (place.below, place.above)
            var seen = 0
            var end = VisitEnd.atEnd
            search: while true {
                let rows = try reader.changes(before: below, after: above, limit: Self.changeBatch)
                // The rows next to where the page begins come first, whichever way it goes.
                for row in above == nil ? rows : rows.reversed() {
                    seen += 1
                    if node == nil || row.node.map({ view.isWithin($0, node) }) ?? false { page.elements.append(row) }
                    if page.elements.count >= limit {
                        end = .stopped
                        break search
                    }
                    if seen >= Self.rowLimit {
                        end = .atLimit(last: row.number, created: row.time)
                        break search
                    }
                }
                guard rows.count == Self.changeBatch, let oldest = rows.last, let newest = rows.first else { break }
                if above == nil { below = oldest.number } else { above = newest.number }
            }
            page.go(on: end, from: place, page.elements.map(\.number))
            return page
        }
    }

    /// The node of the endpoint that a delivery of the tree is for.
    package func nodeOfEndpoint(ofDelivery number: Int64) throws -> String {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            guard let row = try reader.visibleDelivery(number), isVisible(row, view) else { throw Self.unknown("delivery", String(number)) }
            return row.endpointNode
        }
    }

    /// Notes what was changed in the tree.
    package func note(_ action: String, subject: String?, node: String?, by actor: ChangeRecord.Actor, share: String) {
        outbox.note(action, subject: subject, node: node, by: actor, share: share)
    }
}
