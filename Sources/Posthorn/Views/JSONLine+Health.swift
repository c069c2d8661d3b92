package import PosthornModel
package import PosthornText

/// The JSON in which the command line and the HTTP API show how an endpoint does.
extension JSONLine {
    /// What is known of an endpoint's health.
    package init(_ health: EndpointHealth) {
        self.init()
        addHealth(health)
    }

    /// The same as members of an object of the endpoint's.
    package mutating func addHealth(_ health: EndpointHealth?) {
        add("health", (health?.state ?? .healthy).rawValue)
        add("health_since", health?.since)
        add("next_probe_at", health?.until)
        add("health_reason", health?.reason)
        add("health_actor", health?.actor.rawValue)
        add("failing_since", health?.failingSince)
        add("disables_at", health?.disablesAt)
        add("failures_in_a_row", health?.failures)
    }
}
