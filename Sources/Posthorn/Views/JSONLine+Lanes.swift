package import PosthornStore
package import PosthornText

/// The JSON objects in which the command line and the HTTP API show what waits in order.
extension JSONLine {
    /// What waits in order for an endpoint.
    package init(_ summary: LaneSummary) {
        self.init()
        add("lanes", summary.lanes)
        add("stopped", summary.stopped)
        add("waiting", summary.waiting)
        add("heads", summary.page.map { JSONLine($0) })
    }

    private init(_ lane: LaneSummary.Lane) {
        self.init()
        add("delivery", lane.head)
        add("state", lane.state.rawValue)
        add("event", lane.event)
        add("node", lane.node)
        add("waiting", lane.waiting)
        add("since", lane.since)
    }
}
