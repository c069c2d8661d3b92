import PosthornModel
import PosthornStore
import PosthornText

extension MemoryStore {
    func topologyGeneration() throws(OutboxProblem) -> Int64 { tables.topologyGeneration }

    func topology(withCredentials: Bool, withRemoved: Bool) throws(OutboxProblem) -> StoredTopology {
        tables.topology(sealing, withCredentials: withCredentials, withRemoved: withRemoved)
    }

    func node(id: String) throws(OutboxProblem) -> Node? { tables.nodes.first { Tables.isSame($0.id, id) } }

    func hasNode(lookingLike id: String) throws(OutboxProblem) -> Bool { tables.nodes.contains { $0.id == id } }

    func endpoint(lookingLike id: String, withCredentials: Bool) throws(OutboxProblem) -> StoredEndpoint? {
        tables.endpoint(lookingLike: id, sealing, withCredentials: withCredentials)
    }

    func endpoints(atNode node: String) throws(OutboxProblem) -> [StoredEndpoint] {
        let tables = tables
        return tables.endpoints.filter { $0.state != .removed && Tables.isSame($0.settings.node, node) }
            .map { tables.stored($0, sealing, withCredentials: true) }
    }

    func endpoint(id: String) throws(OutboxProblem) -> StoredEndpoint? {
        let tables = tables
        return tables.endpoints.first { Tables.isSame($0.settings.id, id) }.map { tables.stored($0, sealing, withCredentials: true) }
    }

    func endpoint(_ key: Int64) throws(OutboxProblem) -> StoredEndpoint? {
        let tables = tables
        return tables.place(ofEndpoint: key).map { tables.stored(tables.endpoints[$0], sealing, withCredentials: true) }
    }

    func revision(_ key: Int64) throws(OutboxProblem) -> StoredRevision? { tables.revision(key) }

    // MARK: Changes

    func change(_ plan: TopologyPlan, at now: Timestamp) throws(OutboxProblem) {
        let sealing = sealing
        try update { (tables) throws(OutboxProblem) in
            if !plan.nodes.isEmpty || !plan.removedNodes.isEmpty {
                tables.nodeChanges.note(changed: plan.nodes.map(\.id), removed: plan.removedNodes, at: tables.topologyGeneration + 1)
            }
            for node in plan.nodes {
                if let place = tables.nodes.firstIndex(where: { Tables.isSame($0.id, node.id) }) {
                    tables.nodes[place] = node
                } else {
                    tables.nodes.append(node)
                }
            }
            for endpoint in plan.added {
                let key = endpoint.revives ?? tables.nextNumber(of: .endpoint)
                tables.throttles[key] = nil
                try tables.write(endpoint.settings, key, endpoint.state, sealing, at: now)
                tables.addRevision(of: key, endpoint.settings)
            }
            for endpoint in plan.changed {
                if tables.order(ofEndpoint: endpoint.key)?.lanes != endpoint.settings.order?.lanes { tables.clearLanes(endpoint.key) }
                try tables.write(endpoint.settings, endpoint.key, endpoint.state, sealing, at: now)
                guard endpoint.needsRevision else { continue }
                // What the receiver at one address has asked for is no wish of the one at another.
                if tables.newestRevision(ofEndpoint: endpoint.key)?.url != endpoint.settings.url {
                    tables.throttles[endpoint.key] = nil
                    if tables.health[endpoint.key]?.state != .disabled { tables.health[endpoint.key] = nil }
                }
                tables.addRevision(of: endpoint.key, endpoint.settings)
            }
            for key in plan.removedEndpoints { tables.setState(.asked(.removed, reason: "no longer in the topology"), key, at: now) }
            let removed = Set(plan.removedEndpoints)
            for key in removed { tables.clearLanes(key) }
            for place in tables.deliveries.indices where tables.deliveries[place].waits {
                let endpoint = tables.revision(tables.deliveries[place].revision)?.endpoint
                if let endpoint, removed.contains(endpoint) { tables.deliveries[place].cancel() }
            }
            tables.nodes.removeAll { node in plan.removedNodes.contains { Tables.isSame($0, node.id) } }
            for id in plan.added.map(\.settings.id) + plan.changed.map(\.settings.id) { tables.faults[id] = nil }
            tables.topologyGeneration += 1
        }
    }

    func topologyChanges(since generation: Int64, withCredentials: Bool) throws(OutboxProblem) -> TopologyChanges? {
        tables.changes(since: generation, sealing, withCredentials: withCredentials)
    }

    func standing(ofEndpoint key: Int64) throws(OutboxProblem) -> EndpointStanding? {
        let tables = tables
        return tables.place(ofEndpoint: key).map { place in
            EndpointStanding(state: tables.endpoints[place].state, revision: tables.newestRevision(ofEndpoint: key)?.key ?? 0)
        }
    }

    func write(_ change: EndpointStateChange, ofEndpoint key: Int64, at now: Timestamp) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            tables.setState(change, key, at: now)
            if change.changesRoutes { tables.topologyGeneration += 1 }
        }
    }

    // MARK: Credentials

    func setCredentials(
        _ credentials: [String: JSONValue],
        ofEndpoint key: Int64,
        id: String,
        at now: Timestamp
    ) throws(OutboxProblem) {
        let sealing = sealing
        try update { (tables) throws(OutboxProblem) in
            guard let place = tables.place(ofEndpoint: key) else { return }
            try tables.endpoints[place].keep(credentials, sealing)
            tables.endpoints[place].changed = now
            tables.endpoints[place].generation = tables.topologyGeneration + 1
            tables.faults[id] = nil
            tables.topologyGeneration += 1
        }
    }

    func hasSealedCredentials() throws(OutboxProblem) -> Bool { tables.endpoints.contains { $0.state != .removed && $0.isSealed } }

    func sealClearCredentials(at now: Timestamp) throws(OutboxProblem) -> [String] { try seal(at: now, where: \.isInTheClear) }

    func sealAnew(at now: Timestamp) throws(OutboxProblem) -> [String] {
        try seal(at: now) { $0.isInTheClear || $0.isSealed }
    }

    private func seal(at now: Timestamp, where isMeant: (EndpointRow) -> Bool) throws(OutboxProblem) -> [String] {
        guard let sealing else { return [] }
        return try update { (tables) throws(OutboxProblem) in
            var ids: [String] = []
            for place in tables.endpoints.indices where isMeant(tables.endpoints[place]) {
                let settings = try tables.endpoints[place].opened(sealing)
                try tables.endpoints[place].keep(settings.credentials, sealing)
                try tables.endpoints[place].keep(settings.headers, sealing)
                tables.endpoints[place].changed = now
                tables.faults[settings.id] = nil
                ids.append(settings.id)
            }
            return ids
        }
    }
}

extension Tables {
    fileprivate mutating func write(
        _ settings: EndpointSettings,
        _ key: Int64,
        _ state: EndpointState?,
        _ sealing: (any CredentialSealing)?,
        at now: Timestamp
    ) throws(OutboxProblem) {
        let known = place(ofEndpoint: key)
        var row = EndpointRow(key: key, settings: settings, state: state ?? .active, changed: now)
        if let known, state == nil { (row.state, row.reason) = (endpoints[known].state, endpoints[known].reason) }
        try row.keep(settings.credentials, sealing)
        try row.keep(settings.headers, sealing)
        row.generation = topologyGeneration + 1
        if let known { endpoints[known] = row } else { endpoints.append(row) }
    }

    fileprivate mutating func addRevision(of endpoint: Int64, _ settings: EndpointSettings) {
        revisions.append(
            StoredRevision(
                key: nextNumber(of: .revision),
                endpoint: endpoint,
                url: settings.url,
                method: settings.method,
                envelope: settings.envelope
            )
        )
    }

    fileprivate mutating func setState(_ change: EndpointStateChange, _ key: Int64, at now: Timestamp) {
        guard let place = place(ofEndpoint: key) else { return }
        endpoints[place].state = change.state
        endpoints[place].reason = change.reason
        endpoints[place].changed = now
        if change.changesRoutes { endpoints[place].generation = topologyGeneration + 1 }
        if change.liftsThrottle {
            throttles[key] = nil
            health[key] = nil
        }
    }

    func endpoint(lookingLike id: String, _ sealing: (any CredentialSealing)?, withCredentials: Bool) -> StoredEndpoint? {
        endpoints.first { $0.settings.id == id }.map { stored($0, sealing, withCredentials: withCredentials) }
    }

    func topology(_ sealing: (any CredentialSealing)?, withCredentials: Bool, withRemoved: Bool) -> StoredTopology {
        let rows = endpoints.filter { withRemoved || $0.state != .removed }
        return StoredTopology(
            generation: topologyGeneration,
            nodes: nodes,
            endpoints: rows.map { stored($0, sealing, withCredentials: withCredentials) }
        )
    }

    func changes(since generation: Int64, _ sealing: (any CredentialSealing)?, withCredentials: Bool) -> TopologyChanges? {
        guard let changed = nodeChanges.changes(since: generation) else { return nil }
        return TopologyChanges(
            generation: topologyGeneration,
            endpoints: endpoints.filter { $0.generation > generation }.map { stored($0, sealing, withCredentials: withCredentials) },
            nodes: nodes.filter { changed.changed.contains($0.id) },
            removedNodes: changed.removed
        )
    }

    func stored(_ row: EndpointRow, _ sealing: (any CredentialSealing)?, withCredentials: Bool) -> StoredEndpoint {
        var fault: EndpointFault?
        var settings = row.settings
        if withCredentials {
            do throws(OutboxProblem) { settings = try row.opened(sealing) } catch {
                fault = EndpointFault(error, losesCredentials: row.sealedCredentials != nil)
            }
        } else {
            settings.credentials = [:]
            settings.headers = settings.headers.map { .init(name: $0.name, value: "") }
        }
        return StoredEndpoint(
            key: row.key,
            revision: newestRevision(ofEndpoint: row.key)?.key ?? 0,
            settings: settings,
            state: row.state,
            stateReason: row.reason,
            fault: fault,
            isSealed: row.isSealed
        )
    }
}

extension EndpointRow {
    var isSealed: Bool { sealedCredentials != nil || sealedHeaders != nil }

    var isInTheClear: Bool {
        (sealedCredentials == nil && !settings.credentials.isEmpty) || (sealedHeaders == nil && !settings.headers.isEmpty)
    }

    fileprivate mutating func keep(_ credentials: [String: JSONValue], _ sealing: (any CredentialSealing)?) throws(OutboxProblem) {
        (settings.credentials, sealedCredentials) = (credentials, nil)
        guard let sealing, !credentials.isEmpty else { return }
        let text = JSONValue.object(credentials.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) }).text
        sealedCredentials = try sealing.seal(Array(text.utf8), ofEndpoint: settings.id)
        settings.credentials = [:]
    }

    fileprivate mutating func keep(_ headers: [EndpointSettings.Header], _ sealing: (any CredentialSealing)?) throws(OutboxProblem) {
        (settings.headers, sealedHeaders) = (headers, nil)
        guard let sealing, !headers.isEmpty else { return }
        let text = JSONValue.array(headers.map { .array([.string($0.name), .string($0.value)]) }).text
        sealedHeaders = try sealing.seal(Array(text.utf8), ofEndpoint: settings.id)
        settings.headers = headers.map { .init(name: $0.name, value: "") }
    }

    fileprivate func opened(_ sealing: (any CredentialSealing)?) throws(OutboxProblem) -> EndpointSettings {
        var settings = settings
        if let sealedCredentials, case .object(let members) = try open(sealedCredentials, sealing) {
            settings.credentials = Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        }
        if let sealedHeaders, case .array(let pairs) = try open(sealedHeaders, sealing) {
            settings.headers = pairs.compactMap { pair in
                guard case .array(let parts) = pair, case .string(let name) = parts[0], case .string(let value) = parts[1] else {
                    return nil
                }
                return .init(name: name, value: value)
            }
        }
        return settings
    }

    private func open(_ sealed: String, _ sealing: (any CredentialSealing)?) throws(OutboxProblem) -> JSONValue {
        guard let sealing else { throw OutboxProblem(.key, "the credentials of endpoint \(settings.id) are sealed and no key was given") }
        let bytes = try sealing.open(sealed, ofEndpoint: settings.id)
        guard let value = try? JSONValue.parse(bytes) else { throw OutboxProblem(.damaged, "what was sealed cannot be read") }
        return value
    }
}
