import PosthornFormats
import PosthornModel
import PosthornStore
import PosthornSystem

extension Outbox {
    /// How many of the newest events are looked at for ``uncarriedEvents(of:)``.
    package static let examinedEvents = 1000

    /// Holds the newest events against the formats of endpoints, as if these had been accepted now.
    ///
    /// - Parameter ids: The endpoints that count.
    /// - Returns: Those that could not carry all of them, by their ids.
    package func uncarriedEvents(of ids: Set<String>) throws -> [UncarriedEvents] {
        if ids.isEmpty { return [] }
        let (topology, events) = try read {
            (try $0.topology(withCredentials: true, withRemoved: false), try $0.newestEvents(limit: Self.examinedEvents))
        }
        let now = clock.now()
        let endpoints = topology.endpoints.filter { ids.contains($0.settings.id) }
        let routing = try Routing(nodes: topology.nodes, endpoints: endpoints)
        var composers: [Int64: Result<EndpointComposer, InputProblem>] = [:]
        for endpoint in endpoints {
            let composer = EndpointDirectory.composer(endpoint.settings, at: now)
            if UncarriedDelivery.mayHappen(endpoint, composer) { composers[endpoint.key] = composer }
        }
        if composers.isEmpty { return [] }
        var found: [String: UncarriedEvents] = [:]
        var examined: [String: Int] = [:]
        for event in events where event.hasData {
            for endpoint in routing.recipients(type: event.type, node: event.node) {
                let id = endpoint.settings.id
                examined[id, default: 0] += 1
                guard let composer = composers[endpoint.key], let problem = UncarriedDelivery(event, id, composer) else { continue }
                let newest = found[id]
                found[id] = UncarriedEvents(
                    endpoint: id,
                    count: (newest?.count ?? 0) + 1,
                    examined: 0,
                    event: newest?.event ?? event.id,
                    reason: newest?.reason ?? problem.reason
                )
            }
        }
        return found.values.sorted { $0.endpoint < $1.endpoint }.map {
            UncarriedEvents(
                endpoint: $0.endpoint,
                count: $0.count,
                examined: examined[$0.endpoint] ?? 0,
                event: $0.event,
                reason: $0.reason
            )
        }
    }
}
