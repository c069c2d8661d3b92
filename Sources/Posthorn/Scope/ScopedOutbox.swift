import PosthornFormats
import PosthornModel
import PosthornStore
package import PosthornText

/// An outbox cut to the tree of one node: the one door through which the HTTP API reads and writes.
///
/// An endpoint is in the tree when its node is. An event is when its node is. A delivery is when both are: an endpoint that has moved here
/// from elsewhere brings no events along, and a node that has moved takes its events away. What is outside and what does not exist are
/// refused alike.
package struct ScopedOutbox: Sendable {
    let outbox: Outbox
    /// The node; `nil` for the whole outbox, and then also for what belongs to nodes that are gone.
    package let node: String?

    /// Rows that one list looks at, whatever it asks for.
    package static let rowLimit = 1000
    /// Deliveries that are shown with their event.
    package static let eventDeliveryLimit = 2000

    /// The hierarchy as it is now.
    package func topology() throws -> TopologyView { try outbox.read { try outbox.topologies.view($0) } }

    /// The time of the outbox's clock.
    package var now: Timestamp { outbox.clock.now() }

    /// An id for something that was handed in without one.
    package func makeID() -> String { outbox.makeEventID(at: now) }

    /// A text that no other run of a program has.
    package func makeRunID() -> String { SecureRandom.hex(byteCount: 6) }

    func isVisible(_ row: VisibleDelivery, _ view: TopologyView) -> Bool {
        view.isWithin(row.delivery.node, node) && view.isWithin(row.endpointNode, node)
    }

    static func unknown(_ what: String, _ id: String) -> ScopeProblem { .notFound(what: what, id: id) }
}

extension Outbox {
    /// The outbox as the tree of a node shows it.
    /// - Parameter node: The node; `nil` for the whole outbox.
    package func scoped(to node: String?) -> ScopedOutbox { ScopedOutbox(outbox: self, node: node) }
}
