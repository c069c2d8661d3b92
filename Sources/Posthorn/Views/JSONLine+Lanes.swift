package import PosthornStore
package import PosthornText

/// The JSON objects in which the command line and the HTTP API show what waits in order.
extension JSONLine {
    /// What waits in order for an endpoint.
    /// - Parameter numbersAsText: Whether deliveries' numbers are strings, as the API has them.
    package init(_ summary: LaneSummary, numbersAsText: Bool = false) {
        self.init()
        add("lanes", summary.lanes)
        add("stopped", summary.stopped)
        add("waiting", summary.waiting)
        add("stopped_waiting", summary.stoppedWaiting)
        add("at_least", summary.isAtLeast)
        add("heads", summary.page.map { JSONLine($0, numbersAsText) })
    }

    /// How much waits in order for an endpoint, in a list of several.
    package init(_ summary: LaneSummary, ofEndpoint id: String) {
        self.init()
        add("endpoint", id)
        add("lanes", summary.lanes)
        add("stopped", summary.stopped)
        add("waiting", summary.waiting)
        add("stopped_waiting", summary.stoppedWaiting)
        add("at_least", summary.isAtLeast)
    }

    private init(_ lane: LaneSummary.Lane, _ numbersAsText: Bool) {
        self.init()
        if numbersAsText { add("delivery", String(lane.head)) } else { add("delivery", lane.head) }
        add("state", lane.state.rawValue)
        add("event", lane.event)
        add("node", lane.node)
        add("waiting", lane.waiting)
        add("at_least", lane.isAtLeast)
        add("since", lane.since)
    }
}
