import PosthornModel
import PosthornStore

/// The endpoints of one node. Tens of thousands may share a node, each with types of its own: those that name their types
/// as they are get found by the type, so that only patterns are tried one by one.
struct NodeEndpoints {
    /// By their slots; `nil` of one that has left the node.
    private var endpoints: [StoredEndpoint?] = []
    private var slots: [Int64: Int] = [:]
    private var byType: [String: [Int]] = [:]
    private var withPatterns: [Int] = []

    /// Adds an endpoint, or takes over what is new about one that is there.
    mutating func put(_ endpoint: StoredEndpoint) {
        let known = slots[endpoint.key]
        if let known, endpoints[known]?.settings.events == endpoint.settings.events {
            endpoints[known] = endpoint
            return
        }
        if let known { forgetTypes(of: known) }
        let slot = known ?? endpoints.count
        if slot == endpoints.count { endpoints.append(endpoint) } else { endpoints[slot] = endpoint }
        slots[endpoint.key] = slot
        if let types = Self.types(of: endpoint) {
            for type in types { byType[type, default: []].append(slot) }
        } else {
            withPatterns.append(slot)
        }
    }

    /// Takes an endpoint away.
    mutating func remove(_ key: Int64) {
        guard let slot = slots.removeValue(forKey: key) else { return }
        forgetTypes(of: slot)
        endpoints[slot] = nil
    }

    /// Those that want a type, in the order in which they were added.
    /// - Parameter isOwn: Whether it is that of an event of Posthorn's own.
    func recipients(of type: String, isOwn: Bool = false) -> [StoredEndpoint] {
        let named = byType[type] ?? []
        let matching = withPatterns.filter { endpoints[$0]?.settings.wants(type, isOwn: isOwn) ?? false }
        return (matching.isEmpty ? named : (named + matching).sorted()).compactMap { endpoints[$0] }
    }

    /// The types that an endpoint wants; `nil` when they are not all named as they are.
    private static func types(of endpoint: StoredEndpoint) -> Set<String>? {
        let events = endpoint.settings.events
        if events.isEmpty || events.contains(where: { $0.onlyType == nil }) { return nil }
        return Set(events.compactMap(\.onlyType))
    }

    private mutating func forgetTypes(of slot: Int) {
        guard let endpoint = endpoints[slot] else { return }
        guard let types = Self.types(of: endpoint) else { return withPatterns.removeAll { $0 == slot } }
        for type in types {
            byType[type]?.removeAll { $0 == slot }
            if byType[type]?.isEmpty == true { byType[type] = nil }
        }
    }
}
