import PosthornModel
import PosthornOutbox

/// The endpoints of one node. Tens of thousands may share a node, each with types of its own: those that name their types
/// as they are get found by the type, so that only patterns are tried one by one.
struct NodeEndpoints {
    private var endpoints: [StoredEndpoint] = []
    private var byType: [String: [Int]] = [:]
    private var withPatterns: [Int] = []

    mutating func add(_ endpoint: StoredEndpoint) {
        let events = endpoint.settings.events
        let types = Set(events.compactMap(\.onlyType))
        if events.isEmpty || events.contains(where: { $0.onlyType == nil }) {
            withPatterns.append(endpoints.count)
        } else {
            for type in types { byType[type, default: []].append(endpoints.count) }
        }
        endpoints.append(endpoint)
    }

    /// Those that want a type, in the order in which they were added.
    func recipients(of type: String) -> [StoredEndpoint] {
        let named = byType[type] ?? []
        let matching = withPatterns.filter { endpoints[$0].settings.wants(type) }
        return (matching.isEmpty ? named : (named + matching).sorted()).map { endpoints[$0] }
    }
}
