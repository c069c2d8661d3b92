package import PosthornText
import PosthornModel
package import PosthornStore

extension Outbox {
    /// Endpoints whose credentials `status` looks into.
    private static let judgedLimit = 10_000

    /// The endpoints that are in trouble, for one who may have the key: each is looked at, unless there are very many, of which only what
    /// an engine has found is told.
    package func troubles() throws -> EndpointTroubles {
        let limit = EndpointTroubles.countLimit + 1
        let (run, throttled, health, count) = try read { reader in
            (
                try reader.faultsOfRun(), try reader.throttledEndpoints(after: clock.now(), among: nil, limit: limit),
                try reader.endpointHealth(among: nil, limit: limit),
                try reader.gauges().endpoints.filter { $0.key != .removed }.values.reduce(0, +)
            )
        }
        let isJudged = count <= Self.judgedLimit
        return EndpointTroubles(
            faults: isJudged ? try endpointFaults().all : EndpointFaults.written(run),
            throttled: throttled,
            health: health,
            isWhole: (isJudged || run.reasons.count < EndpointTroubles.countLimit, throttled.count < limit, health.count < limit)
        )
    }
}

/// What is the matter with endpoints. Opens no credentials, and reads no more than a bounded number of rows.
extension ScopedOutbox {
    /// Throttled and unhealthy endpoints that are looked through for those of a large tree.
    private static let searchLimit = 20_000

    /// What is the matter with some endpoints of the tree.
    package func conditions(of ids: [String]) throws -> EndpointConditions {
        if ids.isEmpty { return EndpointConditions() }
        let wanted = Set(ids)
        return try outbox.read { reader in
            EndpointConditions(
                faults: EndpointFaults.written(try reader.faultsOfRun()).filter { wanted.contains($0.key) },
                throttled: try reader.throttledEndpoints(after: now, among: Array(wanted), limit: .max),
                health: try reader.endpointHealth(among: Array(wanted), limit: .max)
            )
        }
    }

    /// Held deliveries of one endpoint that are counted.
    package static let heldLimit = 10_000

    /// How many deliveries of an endpoint are held, counted as far as ``heldLimit``.
    package func heldCount(of endpoint: StoredEndpoint) throws -> Int {
        try outbox.read { try $0.heldCount(ofEndpoint: endpoint.key, limit: Self.heldLimit) }
    }

    /// Until when receivers of some endpoints asked to be left alone, by the endpoints' ids.
    package func throttled(among ids: [String]) throws -> [String: Timestamp] {
        if ids.isEmpty { return [:] }
        return try outbox.read { try $0.throttledEndpoints(after: now, among: Array(Set(ids)), limit: .max) }
    }

    /// The endpoints of the tree that are in trouble.
    package func troubles() throws -> EndpointTroubles {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            func isInside(_ id: String) -> Bool { view.endpoint(id).map { view.isWithin($0.settings.node, node) } ?? false }
            let faults = EndpointFaults.written(try reader.faultsOfRun())
            // A small tree is asked about endpoint by endpoint; in a large one those of the tree are looked for among all.
            let tree = view.endpointsByID(within: node)
            let isSmall = node != nil && tree.count <= EndpointTroubles.countLimit
            let ids = isSmall ? tree.map(\.name) : nil
            let limit = node == nil || isSmall ? EndpointTroubles.countLimit + 1 : Self.searchLimit
            let throttled = try reader.throttledEndpoints(after: now, among: ids, limit: limit)
            let health = try reader.endpointHealth(among: ids, limit: limit)
            return EndpointTroubles(
                faults: faults.filter { isInside($0.key) },
                throttled: isSmall ? throttled : throttled.filter { isInside($0.key) },
                health: isSmall ? health : health.filter { isInside($0.key) },
                // What engines write down of broken ones is bounded too.
                isWhole: (faults.count < EndpointTroubles.countLimit, throttled.count < limit, health.count < limit)
            )
        }
    }
}
