public import PosthornModel
public import PosthornText

/// What must be done to make the stored hierarchy what a topology file says. Making one decides everything and changes nothing.
public struct TopologyPlan: Sendable {
    /// Nodes to add or change, parents before children.
    public private(set) var nodes: [Node] = []
    /// Ids of nodes to remove.
    public private(set) var removedNodes: [String] = []
    /// Endpoints to add.
    public private(set) var added: [NewEndpoint] = []
    /// Endpoints to change.
    public private(set) var changed: [ChangedEndpoint] = []
    /// Endpoints to remove, by number.
    public private(set) var removedEndpoints: [Int64] = []
    /// What a person is told.
    public private(set) var changes: [Change] = []
    /// Up to this number, deliveries that wait for endpoints to remove have been cancelled before, in smaller steps.
    public var cancelledThrough: Int64 = 0

    /// An endpoint to add.
    public struct NewEndpoint: Sendable {
        /// What it shall be.
        public let settings: EndpointSettings
        /// The state it starts in.
        public let state: EndpointState
        /// The number of a removed endpoint of this id, which comes back to life.
        public let revives: Int64?
    }

    /// An endpoint to change.
    public struct ChangedEndpoint: Sendable {
        /// Its number.
        public let key: Int64
        /// What it shall be.
        public let settings: EndpointSettings
        /// Whether new deliveries must be pinned again.
        public let needsRevision: Bool
        /// A state it must take; `nil` to leave it.
        public let state: EndpointState?
    }

    /// A change that a plan makes.
    public typealias Change = TopologyChange

    /// Removes one endpoint and nothing else.
    public init(removing endpoint: StoredEndpoint) {
        removedEndpoints = [endpoint.key]
        changes = [Change(kind: .removed, what: "endpoint", id: endpoint.settings.id, detail: endpoint.settings.node)]
    }

    /// Removes one node and nothing else; nothing may be at it.
    public init(removing node: Node) {
        removedNodes = [node.id]
        changes = [Change(kind: .removed, what: "node", id: node.id, detail: node.level.rawValue)]
    }

    /// Compares what is stored with what is wanted.
    ///
    /// - Parameters:
    ///   - wanted: The file.
    ///   - stored: What the outbox holds.
    ///   - prune: Whether what the file lacks is removed.
    ///   - credentials: Gives the credentials to keep for an endpoint, from what was kept (`nil` for a new one) and its settings.
    /// - Throws: An ``InputProblem`` when the result would be no hierarchy, or what `credentials` throws.
    public init(
        making wanted: Topology,
        of stored: StoredTopology,
        prune: Bool,
        credentials: (_ old: StoredEndpoint?, _ new: EndpointSettings) throws(InputProblem) -> [String: JSONValue]
    ) throws(InputProblem) {
        let kept = prune ? [] : stored.nodes.filter { wanted.hierarchy[$0.id] == nil }
        let hierarchy = try Hierarchy(wanted.nodes + kept)
        for (i, endpoint) in wanted.endpoints.enumerated() {
            guard let node = hierarchy[endpoint.node] else {
                throw InputProblem(
                    .notFound,
                    field: "endpoints[\(i)].node",
                    value: endpoint.node,
                    reason: "names no node; add that node or correct the id"
                )
            }
            if !Identifier.isWrittenAlike(node.id, endpoint.node) {
                throw Identifier.writtenInTwoWays(endpoint.node, field: "endpoints[\(i)].node")
            }
        }
        try Self.checkWriting(wanted, stored)
        planNodes(wanted, stored, prune: prune)
        try planEndpoints(wanted, stored, prune: prune, hierarchy, credentials)
    }

    /// What is there keeps its bytes: the tables would take other ones for another id, and credentials are sealed for one.
    private static func checkWriting(_ wanted: Topology, _ stored: StoredTopology) throws(InputProblem) {
        let nodes = Dictionary(stored.nodes.map { ($0.id, $0.id) }, uniquingKeysWith: { $1 })
        for (i, node) in wanted.nodes.enumerated() where !Identifier.isWrittenAlike(nodes[node.id] ?? node.id, node.id) {
            throw Identifier.writtenInTwoWays(node.id, field: "nodes[\(i)].id")
        }
        let endpoints = Dictionary(stored.endpoints.map { ($0.settings.id, $0.settings.id) }, uniquingKeysWith: { $1 })
        for (i, endpoint) in wanted.endpoints.enumerated()
        where !Identifier.isWrittenAlike(endpoints[endpoint.id] ?? endpoint.id, endpoint.id) {
            throw Identifier.writtenInTwoWays(endpoint.id, field: "endpoints[\(i)].id")
        }
    }

    /// What a person is told, with the deliveries that are cancelled.
    /// - Parameter cancelled: How many, by the numbers of their endpoints.
    public func changes(cancelling cancelled: [Int64: Int]) -> [TopologyChange] {
        // Removed endpoints are told in the order of their numbers here.
        var keys = removedEndpoints.makeIterator()
        return changes.map { change in
            guard change.what == "endpoint", change.kind == .removed, let key = keys.next() else { return change }
            return TopologyChange(
                kind: change.kind,
                what: change.what,
                id: change.id,
                detail: change.detail,
                cancelled: cancelled[key] ?? 0
            )
        }
    }

    /// Whether there is nothing to do.
    public var isEmpty: Bool { changes.isEmpty }

    private mutating func planNodes(_ wanted: Topology, _ stored: StoredTopology, prune: Bool) {
        let old = Dictionary(uniqueKeysWithValues: stored.nodes.map { ($0.id, $0) })
        // Highest level first, so that a parent is there before its children.
        for node in wanted.nodes.sorted(by: { $0.level > $1.level }) {
            guard let before = old[node.id] else {
                nodes.append(node)
                let detail = node.level.rawValue + (node.limits.map { ", limits: \($0)" } ?? "")
                changes.append(Change(kind: .added, what: "node", id: node.id, detail: detail))
                continue
            }
            var fields: [String] = []
            if before.level != node.level { fields.append("level") }
            if before.parent != node.parent {
                fields.append(node.parent == nil ? "parent: none now, was \(before.parent ?? "")" : "parent")
            }
            if before.name != node.name { fields.append("name") }
            if before.notificationEmail != node.notificationEmail { fields.append("notification_contact") }
            if before.limits != node.limits { fields.append("limits: \(node.limits?.description ?? "none now")") }
            if fields.isEmpty { continue }
            nodes.append(node)
            changes.append(Change(kind: .changed, what: "node", id: node.id, detail: fields.joined(separator: ", ")))
        }
        guard prune else { return }
        for node in stored.nodes where wanted.hierarchy[node.id] == nil {
            removedNodes.append(node.id)
            changes.append(Change(kind: .removed, what: "node", id: node.id, detail: node.level.rawValue))
        }
    }

    private mutating func planEndpoints(
        _ wanted: Topology,
        _ stored: StoredTopology,
        prune: Bool,
        _ hierarchy: Hierarchy,
        _ credentials: (StoredEndpoint?, EndpointSettings) throws(InputProblem) -> [String: JSONValue]
    ) throws(InputProblem) {
        let old = Dictionary(uniqueKeysWithValues: stored.endpoints.map { ($0.settings.id, $0) })
        for (i, wish) in wanted.endpoints.enumerated() {
            var settings = wish
            let before = old[settings.id]
            do throws(InputProblem) { settings.credentials = try credentials(before, settings) } catch {
                throw error.inside("endpoints[\(i)]")
            }
            guard let before, before.state != .removed else {
                let state: EndpointState = settings.needsValidation ? .unverified : .active
                added.append(NewEndpoint(settings: settings, state: state, revives: before?.key))
                changes.append(Change(kind: .added, what: "endpoint", id: settings.id, detail: "\(settings.node), \(state.rawValue)"))
                continue
            }
            var fields = Self.differences(before.settings, settings)
            // Written again even where it agrees with what stands in place of what could not be read.
            if before.fault != nil { fields.append("unreadable values") }
            // Nobody can tell which secret was in force, nor which signed beside it.
            if before.fault?.losesCredentials == true { fields.append("any rotation taken back") }
            if fields.isEmpty { continue }
            let movesOn = fields.contains("url") || (settings.needsValidation && !before.settings.needsValidation)
            changed.append(
                ChangedEndpoint(
                    key: before.key,
                    settings: settings,
                    needsRevision: before.fault != nil || !Set(fields).isDisjoint(with: ["url", "method", "envelope"]),
                    state: Self.state(after: movesOn, before, settings)
                )
            )
            changes.append(Change(kind: .changed, what: "endpoint", id: settings.id, detail: fields.joined(separator: ", ")))
        }
        let names = Set(wanted.endpoints.map(\.id))
        for endpoint in stored.endpoints where endpoint.state != .removed && !names.contains(endpoint.settings.id) {
            guard prune else { continue }
            removedEndpoints.append(endpoint.key)
            changes.append(Change(kind: .removed, what: "endpoint", id: endpoint.settings.id, detail: endpoint.settings.node))
        }
    }

    /// A vendor that validates does so again for a new URL; one that does not leaves no endpoint waiting for it.
    private static func state(after movesOn: Bool, _ before: StoredEndpoint, _ settings: EndpointSettings) -> EndpointState? {
        if settings.needsValidation { return movesOn && before.state == .active ? .unverified : nil }
        return before.state == .unverified ? .active : nil
    }

    private static func differences(_ a: EndpointSettings, _ b: EndpointSettings) -> [String] {
        var fields: [String] = []
        if a.node != b.node { fields.append("node") }
        if a.url != b.url { fields.append("url") }
        if a.method != b.method { fields.append("method") }
        if a.envelope != b.envelope { fields.append("envelope") }
        if a.signature != b.signature { fields.append("signature") }
        if a.credentials != b.credentials { fields.append("credentials") }
        if a.events != b.events { fields.append("events") }
        if a.headers != b.headers { fields.append("headers") }
        if a.timeoutMilliseconds != b.timeoutMilliseconds { fields.append("timeout_ms") }
        if a.inFlightLimit != b.inFlightLimit { fields.append("max_in_flight") }
        if a.ratePerSecond != b.ratePerSecond { fields.append("rate_per_second") }
        if a.retry != b.retry { fields.append("retry") }
        if a.health != b.health { fields.append("health") }
        if a.order?.lanes != b.order?.lanes { fields.append("order") }
        if (a.order?.onExhausted ?? .stop) != (b.order?.onExhausted ?? .stop) { fields.append("on_exhausted") }
        return fields
    }
}
