package import PosthornModel
package import PosthornStore
import PosthornSending
import PosthornFormats
import PosthornSystem
import PosthornText

extension Outbox {
    /// Makes the hierarchy and its endpoints what a topology says: all of it or, when something is wrong, nothing.
    ///
    /// Events that were accepted before go where the hierarchy said then.
    ///
    /// - Parameters:
    ///   - topology: What is wanted.
    ///   - prune: Whether what the topology lacks is removed; deliveries that wait for a removed endpoint are cancelled.
    ///   - pruneAll: Whether an empty topology may be pruned to as well, which removes everything.
    ///   - keyLost: Whether credentials that this outbox's key does not open are replaced by the topology's, although the key
    ///     opens no others either and so may be the wrong one. What a rotation made since then is lost with the old key.
    /// - Returns: What has changed, in words.
    /// - Throws: `InputProblem` that names what is wrong in the topology; `OutboxProblem` for the store.
    package func apply(
        _ topology: Topology,
        prune: Bool = false,
        pruneAll: Bool = false,
        keyLost: Bool = false
    ) throws -> [TopologyChange] {
        try check(topology, prune: prune, pruneAll: pruneAll)
        let cancelled = prune ? try cancelWaiting(removedBy: topology, keyLost: keyLost) : Waiting()
        return try changed(prune: prune, keyLost: keyLost, cancelled) { _ in .success(topology) }
    }

    /// Cancels what waits for endpoints that pruning to a topology removes, in small transactions.
    func cancelWaiting(removedBy topology: Topology, keyLost: Bool = false) throws -> Waiting {
        // Planned before, so that what is wrong in the file shows before anything is cancelled.
        let planned = try read { try plan(topology, true, keyLost, in: $0, at: clock.now()) }.get().removedEndpoints
        return try cancelWaiting(ofEndpoints: planned)
    }

    /// Adds a node, or changes the one with its id.
    package func put(_ node: Node) throws -> [TopologyChange] { try apply(Topology(nodes: [node], endpoints: [])) }

    /// Adds an endpoint, or changes the one with its id; of one that is there, credentials that are left out stay.
    package func put(_ endpoint: EndpointSettings) throws -> [TopologyChange] {
        try Self.partial {
            try changed { (store) throws(OutboxProblem) in
                var endpoint = endpoint
                let stored = try store.currentEndpoint(endpoint.id, withCredentials: true)?.settings
                let givesNone = endpoint.credentials.keys.allSatisfy { $0 == VendorDocument.member }
                if givesNone, let stored, stored.signature == endpoint.signature, stored.envelope == endpoint.envelope {
                    endpoint.keepsCredentials = !stored.credentials.isEmpty
                }
                return Self.topology(of: endpoint)
            }
        }
    }

    /// Changes one endpoint, whose secrets are not shown.
    package func updateEndpoint(_ id: String, _ change: @escaping @Sendable (inout EndpointSettings) -> Void) throws -> [TopologyChange] {
        try Self.partial {
            try changed { (store) throws(OutboxProblem) in
                guard let endpoint = try store.currentEndpoint(id, withCredentials: true) else { return .failure(Self.unknownEndpoint(id)) }
                if let fault = endpoint.fault { throw fault.problem }
                var settings = endpoint.settings
                settings.credentials = Credentials.configured(settings.credentials)
                settings = settings.masked(isSecret: Credentials.secrets(of: settings.credentials))
                change(&settings)
                if settings.id != endpoint.settings.id {
                    return .failure(
                        InputProblem(.notAllowed, field: "id", value: settings.id, reason: "cannot be changed; put a new endpoint")
                    )
                }
                return Self.topology(of: settings)
            }
        }
    }

    private static func topology(of endpoint: EndpointSettings) -> Result<Topology, InputProblem> {
        Result { () throws(InputProblem) in
            try checkURL(of: endpoint)
            return try Topology(nodes: [], endpoints: [endpoint])
        }
    }

    /// Throws unless an endpoint's URL can be called.
    static func checkURL(of endpoint: EndpointSettings) throws(InputProblem) {
        do throws(InputProblem) { _ = try EndpointURL(endpoint.url) } catch { throw error.at("url") }
    }

    /// Names the fields of the one endpoint that is changed as if it stood alone: `url`, and not `endpoints[0].url`.
    private static func partial(_ change: () throws -> [TopologyChange]) throws -> [TopologyChange] {
        do { return try change() } catch let problem as InputProblem {
            let path = "endpoints[0]."
            throw problem.field.hasPrefix(path) ? problem.at(String(problem.field.dropFirst(path.count))) : problem
        }
    }

    /// Makes the change that `wanted` decides on, inside the transaction that makes it.
    private func changed(
        prune: Bool = false,
        keyLost: Bool = false,
        _ cancelled: Waiting = Waiting(),
        to wanted: @escaping @Sendable (any OutboxStore) throws(OutboxProblem) -> Result<Topology, InputProblem>
    ) throws -> [TopologyChange] {
        while true {
            let outcome = try writer.perform { [self] (store) throws(OutboxProblem) in
                try applyStep(wanted, prune, keyLost, cancelled, in: store)
            }
            guard let changes = try outcome.get() else { continue }
            try followTopology()
            return changes
        }
    }

    /// Refuses what is wrong in a topology by itself.
    func check(_ topology: Topology, prune: Bool, pruneAll: Bool) throws {
        if prune, !pruneAll, topology.nodes.isEmpty { try refuseToRemoveEverything() }
        try Self.checkURLs(of: topology)
    }

    /// Throws unless the URLs of all endpoints can be called.
    static func checkURLs(of topology: Topology) throws(InputProblem) {
        for (i, endpoint) in topology.endpoints.enumerated() {
            do throws(InputProblem) { try checkURL(of: endpoint) } catch { throw error.inside("endpoints[\(i)]") }
        }
    }

    /// An empty file is more often an accident than a wish.
    private func refuseToRemoveEverything() throws {
        let stored = try self.topology()
        let endpoints = stored.endpoints.count { $0.state != .removed }
        if stored.nodes.isEmpty && endpoints == 0 { return }
        let deliveries = try status().deliveries
        let waiting = (deliveries[.pending] ?? 0) + (deliveries[.held] ?? 0)
        throw InputProblem(
            .notAllowedNow,
            field: "",
            reason:
                "the topology is empty, so pruning would remove \(stored.nodes.count == 1 ? "1 node" : "\(stored.nodes.count) nodes") and "
                + "\(endpoints == 1 ? "1 endpoint" : "\(endpoints) endpoints") and cancel "
                + "\(waiting == 1 ? "1 delivery that waits" : "\(waiting) deliveries that wait")",
            remedy: .confirmRemovingAll
        )
    }

    /// Arrivals that one transaction of `apply` fans out before it makes the change.
    static let arrivalsPerStep = 1000

    /// Fans out what was accepted before, and makes the change once nothing of that is left. To be called inside a transaction.
    /// - Returns: What has changed; `nil` when there was still something to fan out, and the same is to be called again.
    func applyStep(
        _ wanted: (any OutboxStore) throws(OutboxProblem) -> Result<Topology, InputProblem>,
        _ prune: Bool,
        _ keyLost: Bool,
        _ cancelled: Waiting,
        in store: any OutboxStore
    ) throws(OutboxProblem) -> Result<[TopologyChange]?, InputProblem> {
        let now = clock.now()
        try router.refresh(from: store, at: now)
        let arrivals = try store.arrivals(limit: Self.arrivalsPerStep)
        try ArrivalFanOut.fanOut(arrivals, using: router, in: store, at: now)
        // The change comes in the transaction in which nothing is left that was accepted before it.
        if !arrivals.isEmpty { return .success(nil) }
        let topology: Topology
        switch try wanted(store) {
        case .success(let decided): topology = decided
        case .failure(let problem): return .failure(problem)
        }
        var plan: TopologyPlan
        let branches = prune ? nil : try storedBranches(for: topology, in: store)
        let stored = if let branches { branches } else { try Self.stored(for: topology, in: store) }
        switch try self.plan(topology, prune, keyLost, of: stored, at: now) {
        case .success(let made): plan = made
        case .failure(let problem): return .failure(problem)
        }
        // One that is removed by this plan and was not by the one that was looked at before is read whole.
        plan.cancelledThrough = plan.removedEndpoints.allSatisfy(cancelled.keys.contains) ? cancelled.through : .min
        let more = plan.isEmpty ? [:] : try Self.carryOut(plan, in: store, at: now)
        // Whoever applies with a key has decided to have credentials sealed; those from before follow.
        let sealed = try store.sealClearCredentials(at: now).map(TopologyChange.credentialsSealed)
        return .success(plan.changes(cancelling: cancelled.deliveries.merging(more, uniquingKeysWith: +)) + sealed)
    }

    /// Decides what makes the stored hierarchy what a topology says. Changes nothing.
    func plan(
        _ topology: Topology,
        _ prune: Bool,
        _ keyLost: Bool,
        in source: any TopologySource,
        at now: Timestamp
    ) throws(OutboxProblem) -> Result<TopologyPlan, InputProblem> {
        try plan(topology, prune, keyLost, of: try Self.stored(for: topology, in: source), at: now)
    }

    private func plan(
        _ topology: Topology,
        _ prune: Bool,
        _ keyLost: Bool,
        of stored: StoredTopology,
        at now: Timestamp
    ) throws(OutboxProblem) -> Result<TopologyPlan, InputProblem> {
        if let problem = Self.missingKey(stored, hasKey: sealing != nil, isRight: keyLost, wanted: topology) { throw problem }
        do throws(InputProblem) {
            let topology = try Self.unmasked(topology, from: stored)
            return .success(
                try TopologyPlan(making: topology, of: stored, prune: prune) { (old, settings) throws(InputProblem) in
                    // What cannot be read can only be replaced by what the file says.
                    if let old, old.state != .removed, old.fault?.losesCredentials != true {
                        return try Credentials.updated(old.settings.credentials, to: settings, at: now)
                    }
                    return try Credentials.created(settings, at: now)
                }
            )
        } catch {
            return .failure(error)
        }
    }

    /// A topology with what is stored in place of what it has as `***`.
    private static func unmasked(_ topology: Topology, from stored: StoredTopology) throws(InputProblem) -> Topology {
        let known = Dictionary(stored.endpoints.map { ($0.settings.id, $0) }, uniquingKeysWith: { first, _ in first })
        let endpoints = try topology.endpoints.enumerated().map { (i, endpoint) throws(InputProblem) in
            var kept = known[endpoint.id].flatMap { $0.fault?.losesCredentials == true ? nil : $0.settings }
            if let credentials = kept?.credentials { kept?.credentials = Credentials.configured(credentials) }
            do throws(InputProblem) {
                let whole = try endpoint.unmasked(from: kept)
                if whole.url != endpoint.url { try checkURL(of: whole) }
                return whole
            } catch {
                throw error.inside("endpoints[\(i)]")
            }
        }
        return try Topology(nodes: topology.nodes, endpoints: endpoints)
    }

    /// What is there, and of the removed endpoints those that a topology brings back.
    private static func stored(for topology: Topology, in source: any TopologySource) throws(OutboxProblem) -> StoredTopology {
        let stored = try source.topology(withCredentials: true, withRemoved: false)
        let present = Set(stored.endpoints.map(\.settings.id))
        var revived: [StoredEndpoint] = []
        for endpoint in topology.endpoints where !present.contains(endpoint.id) {
            if let found = try source.endpoint(lookingLike: endpoint.id, withCredentials: true) { revived.append(found) }
        }
        return StoredTopology(generation: stored.generation, nodes: stored.nodes, endpoints: stored.endpoints + revived)
    }

    /// Whether credentials that do not open stand in the way of a topology. They are replaced only when the key is known to
    /// be this outbox's, because it opens others; else one forgotten key would cost every endpoint its credentials.
    private static func missingKey(
        _ stored: StoredTopology,
        hasKey: Bool,
        isRight isSaidToBeRight: Bool,
        wanted: Topology
    ) -> OutboxProblem? {
        let present = stored.endpoints.filter { $0.state != .removed }
        let ids = Set(wanted.endpoints.map(\.id))
        let isRight = hasKey && (isSaidToBeRight || present.contains { $0.isSealed && $0.fault == nil })
        let problem = present.lazy.filter { !hasKey || (!isRight && ids.contains($0.settings.id)) }.compactMap { $0.fault?.problem }
            .first { $0.code == .key }
        return problem.map { OutboxProblem(.key, $0.message, remedy: .giveOrReplaceKey) }
    }

    /// The nodes and the endpoints, removed ones too, without credentials and values of headers; so it needs no key.
    package func topology() throws -> StoredTopology { try read { try $0.topology(withCredentials: false) } }

    /// Switches an endpoint off: its deliveries are held. Or on again: they go out.
    ///
    /// - Parameters:
    ///   - enabled: Whether it shall take deliveries.
    ///   - id: The endpoint.
    ///   - reason: Why, for lists.
    /// - Returns: The state it has now; an endpoint that must validate its URL first becomes `unverified` when enabled.
    /// - Throws: `InputProblem` when there is no such endpoint.
    package func setEnabled(_ enabled: Bool, endpoint id: String, reason: String? = nil) throws -> EndpointState {
        let state: Result<EndpointState, InputProblem> = try writer.perform { [self] (store) throws(OutboxProblem) in
            guard let endpoint = try store.currentEndpoint(id, withCredentials: false) else {
                return .failure(Self.unknownEndpoint(id))
            }
            guard let change = endpoint.switched(on: enabled, reason: reason) else { return .success(endpoint.state) }
            let now = clock.now()
            let former = try store.health()[endpoint.key]?.state ?? .healthy
            let health = EndpointHealth.changedByHand(enabled, reason, at: now)
            // Before the change: what is read of it here would stay if the transaction came to nothing.
            try writeOwnEvents(to: store, at: now) { (sheet, recipients) throws(OutboxProblem) in
                try sheet.add(health, from: former, of: endpoint, isOrdinary: true, store, at: now, recipients)
            }
            try store.write(change, ofEndpoint: endpoint.key, at: now)
            if change.state == .disabled { try store.write(health: health, ofEndpoint: endpoint.key) }
            return .success(change.state)
        }
        let result = try state.get()
        try followTopology()
        try settleHeld()
        return result
    }

    /// Lets an engine of this process follow a change that this process has committed.
    ///
    /// In a transaction after that of the change: what was read inside it would stay if it was rolled back.
    func followTopology() throws(OutboxProblem) {
        try writer.perform { [self] (store) throws(OutboxProblem) in
            // Not loaded yet, so nothing to refresh (and no key needed).
            if directory.generation >= 0 { _ = try directory.refresh(from: store, at: clock.now()) }
        }
    }

    /// Moves deliveries between pending and held, as the endpoints' states want it.
    func settleHeld() throws(OutboxProblem) {
        let batch = 5000
        while try writer.perform({ (store) throws(OutboxProblem) in try store.holdInactive(limit: batch) }) == batch {}
        while try writer.perform({ [self] (store) throws(OutboxProblem) in
            // Not those of endpoints that this process knows to be faulty; the engine holds again what it cannot send.
            try store.releaseActive(limit: batch, except: directory.faultyKeys, at: clock.now())
        }) == batch {}
    }

    static func unknownEndpoint(_ id: String, among known: [String] = []) -> InputProblem {
        let suggestion = Suggestion.clause(for: id, among: known)
        return InputProblem(.notFound, field: "endpoint", value: id, reason: "is not known\(suggestion)", remedy: .listEndpoints)
    }
}
