import PosthornModel
import PosthornText
import PosthornStore
import PosthornSending
import PosthornFormats
import PosthornSystem
import Synchronization

/// Everything that is known about endpoints at one generation of the topology, ready for use: routes, composers, targets.
///
/// Used on the writer's thread alone, which debug builds check. It is brought up to date in place, so that an endpoint keeps its index and a
/// request that waits in a sender gets the newest credentials.
final class EndpointDirectory {
    private let owner = OwnerThread()
    /// Counts how often the topology was read.
    private(set) var version = 0
    private(set) var generation: Int64 = -1
    private var topologyRollbacks = 0
    private var routing: Routing?
    // What is looked up for every delivery is `unchecked`: it is confined to one thread, and Swift's check that no access overlaps another
    // would be paid for each.
    @exclusivity(unchecked) private var table = Table()
    private var vacant: [Int] = []
    private var freedSlots: [(index: Int, key: Int64)] = []
    private var indexByKey: [Int64: Int] = [:]
    private var indexByID: [String: Int] = [:]
    /// What has changed since it was asked last.
    private var changed = Changes()
    /// Of those that are there, those that cannot be used, and those that have to prove themselves.
    private var faulty: Set<Int> = []
    private var unproved: Set<Int> = []
    /// Slots of removed ones, of which something was under way when they were looked at last.
    private var leaving: Set<Int> = []
    /// Endpoints of which something has changed, and whose targets have not followed yet.
    private var touched: Set<Int64> = []
    /// How many are there, removed ones left out.
    private(set) var presentCount = 0
    /// Says of which endpoints something is under way; `nil` while no engine runs.
    weak var holder: (any InFlightQuery)?
    /// Makes requests in place of an endpoint's own format; set before the first target is made.
    var otherComposer: (@Sendable (EndpointSettings) -> (any RequestComposer)?)?

    /// Routes that are remembered; types and nodes come from outside, so their number is bounded.
    private static let routeLimit = 10_000

    private func checkThread() { assert(owner.isCurrent, "the directory was used beside the writer's thread") }

    /// Reads what has changed of the topology.
    /// - Returns: Whether anything had.
    func refresh(from store: any TopologyLookup & TopologyStore, at now: Timestamp) throws(OutboxProblem) -> Bool {
        checkThread()
        let isUndone = store.topologyRollbacks != topologyRollbacks
        if try store.topologyGeneration() == generation, !isUndone { return false }
        // What was undone is in no row, though it may be here.
        if generation >= 0, !isUndone, let changes = try store.topologyChanges(since: generation, withCredentials: true),
            try follow(changes, store, at: now)
        {
            return true
        }
        try readAll(store, at: now)
        return true
    }

    /// One changed endpoint among tens of thousands: making all of them ready again would stop the writer's thread for a second.
    /// A reading that fails on the way is done again from the start.
    /// - Returns: Whether it could; not when the hierarchy is damaged.
    private func follow(
        _ changes: TopologyChanges,
        _ store: any TopologyLookup,
        at now: Timestamp
    ) throws(OutboxProblem) -> Bool {
        guard let news = try? routing?.follow(changes.nodes, removed: changes.removedNodes) else { return false }
        if news.limits { changed.areLimitsNew = true }
        // Those of a node that has moved belong to others now.
        if news.moves { touched.formUnion(indexByKey.keys) }
        touched.formUnion(changes.endpoints.map(\.key))
        for index in leaving {
            guard let entry = table.slots[index] else { continue }
            touched.insert(entry.stored.key)
            try evict(entry.stored.key, index, store, at: now)
        }
        for endpoint in changes.endpoints {
            let known = indexByKey[endpoint.key]
            routing?.update(endpoint, from: known.map { self[$0].stored })
            if endpoint.state != .removed {
                seat(endpoint, at: now)
            } else if let known {
                try evict(endpoint.key, known, store, at: now)
            }
        }
        let isAboutNodes = !changes.nodes.isEmpty || !changes.removedNodes.isEmpty
        if !changes.endpoints.isEmpty || isAboutNodes { table.routes.removeAll(keepingCapacity: true) }
        // One of no endpoint was of a revision that was not there; it may be by now.
        for revision in table.revisions.removeValue(forKey: nil) ?? [] { _ = table.targets.removeValue(forKey: revision) }
        for key in touched {
            var kept: Set<Int64> = []
            for revision in table.revisions[key] ?? [] {
                let target = table.targets[revision] ?? nil
                let isHeld = target?.isHeldWhenLetGo() ?? false
                let made = isHeld ? try makeTarget(revision, store, at: now, reusing: target?.composer) : nil
                _ = table.targets.removeValue(forKey: revision)
                guard let made else { continue }
                table.targets[revision] = .some(made)
                kept.insert(revision)
            }
            table.revisions[key] = kept.isEmpty ? nil : kept
        }
        touched = []
        generation = changes.generation
        version += 1
        return true
    }

    private func remember(_ target: Target?, of revision: Int64) {
        table.targets[revision] = .some(target)
        table.revisions[target.map { self[$0.endpoint].stored.key }, default: []].insert(revision)
    }

    private func readAll(_ store: any TopologyLookup, at now: Timestamp) throws(OutboxProblem) {
        let topology = try store.topology(withCredentials: true, withRemoved: false)
        do throws(InputProblem) {
            routing = try Routing(nodes: topology.nodes, endpoints: topology.endpoints)
        } catch {
            throw OutboxProblem(.damaged, "the hierarchy in the outbox is damaged: \(error)")
        }
        changed.isWhole = true
        let present = Set(topology.endpoints.map(\.key))
        for (key, index) in indexByKey where !present.contains(key) { try evict(key, index, store, at: now) }
        for endpoint in topology.endpoints { seat(endpoint, at: now) }
        table.routes.removeAll(keepingCapacity: true)
        // A reading that fails on the way is done again, and finds all targets still there.
        generation = -1
        version += 1
        // Requests that wait hold the old target, whose composer is made new in place. All others are made when they are asked
        // for again, so that those of earlier revisions do not pile up.
        table.targets = IntegerTable(table.targets.all.filter { $0.value?.isHeldWhenLetGo() ?? false })
        var fresh: [(revision: Int64, target: Target)] = []
        for (revision, target) in table.targets.all {
            guard let target, let made = try makeTarget(revision, store, at: now, reusing: target.composer) else { continue }
            fresh.append((revision, made))
        }
        (table.targets, table.revisions, touched) = (IntegerTable(), [:], [])
        for (revision, target) in fresh { remember(target, of: revision) }
        generation = topology.generation
        topologyRollbacks = store.topologyRollbacks
    }

    // MARK: Slots

    /// The endpoint in a slot. Indices are valid only while held, or until the next call.
    subscript(index: Int) -> Entry { table.slots[index]! }

    /// The slot of the endpoint with a number; `nil` when it has none.
    func index(ofEndpoint key: Int64) -> Int? { indexByKey[key] }

    /// All that have one, in no order that means anything.
    var entries: [Entry] { table.slots.compactMap { $0 } }

    /// How many slots there are, vacant ones too.
    var slotCount: Int { table.slots.count }

    /// Gives an endpoint a slot, or puts what is new about it into the one that it has.
    @discardableResult
    private func seat(_ endpoint: StoredEndpoint, at now: Timestamp) -> Int {
        let composer = Self.composer(endpoint.settings, at: now)
        let known = indexByKey[endpoint.key]
        let redactor = SecretRedactor(endpoint.settings, try? composer.get(), keeping: known.flatMap { self[$0].redactor })
        let entry = Entry(stored: endpoint, composer: composer, redactor: redactor)
        let index = known ?? vacant.popLast() ?? table.slots.count
        if index == table.slots.count { table.slots.append(nil) }
        indexByKey[endpoint.key] = index
        indexByID[endpoint.settings.id] = index
        put(entry, at: index)
        return index
    }

    /// Vacates the slot of an endpoint that is gone, unless something of it is under way.
    private func evict(_ key: Int64, _ index: Int, _ store: any TopologyLookup, at now: Timestamp) throws(OutboxProblem) {
        if let holder, holder.isAttached, holder.holds(index) {
            // What is pruned already is still to be recalled, and its results to be taken in.
            seat(try store.endpoint(key) ?? self[index].stored.withState(.removed), at: now)
            return
        }
        let id = self[index].stored.settings.id
        if indexByID[id] == index { indexByID[id] = nil }
        put(nil, at: index)
        indexByKey[key] = nil
        vacant.append(index)
        if holder?.isAttached == true { freedSlots.append((index, key)) }
    }

    /// Fills or vacates a slot, and keeps count of what is there.
    private func put(_ entry: Entry?, at index: Int) {
        if let before = table.slots[index], before.stored.state != .removed { presentCount -= 1 }
        table.slots[index] = entry
        changed.indices.insert(index)
        let present = entry.flatMap { $0.stored.state == .removed ? nil : $0 }
        if present != nil { presentCount += 1 }
        if entry?.stored.state == .removed { leaving.insert(index) } else { leaving.remove(index) }
        if present?.fault != nil { faulty.insert(index) } else { faulty.remove(index) }
        if let present, present.stored.state == .unverified, present.fault == nil, present.stored.settings.needsValidation {
            unproved.insert(index)
        } else {
            unproved.remove(index)
        }
    }

    /// What has changed since this was asked last.
    func takeChanges() -> Changes {
        defer { changed = Changes() }
        return changed
    }

    /// The endpoint in a slot that may be vacant.
    func entry(at index: Int) -> Entry? { index < table.slots.count ? table.slots[index] : nil }

    /// Those that cannot be used.
    var faultyEntries: [Entry] { faulty.compactMap { table.slots[$0] } }

    /// The slots that were freed since this was asked last, with the numbers of the endpoints that had them.
    func takeVacated() -> [(index: Int, key: Int64)] {
        defer { freedSlots = [] }
        return freedSlots
    }

    /// Whether an engine of this process keeps it up to date.
    var isKeptUp: Bool { generation >= 0 && holder?.isAttached ?? false }

    /// The next reading is a whole one.
    func invalidate() { generation = -1 }

    /// Endpoints that have to prove themselves before they get anything.
    var unverified: [HandshakeQueue.PendingHandshake] {
        unproved.compactMap { table.slots[$0] }.map { entry in
            HandshakeQueue.PendingHandshake(
                key: entry.stored.key,
                revision: entry.stored.revision,
                settings: entry.stored.settings,
                host: (try? EndpointURL(entry.stored.settings.url))?.host ?? "",
                composer: entry.composer
            )
        }
    }

    // MARK: Accepting

    /// The endpoints that get an event, whether their formats can carry it or not: that is no other's concern.
    ///
    /// - Throws: An ``InputProblem`` when the node is unknown.
    func recipients(of event: Event) throws(InputProblem) -> EventRecipients {
        checkThread()
        let indices = try indices(for: event)
        var recipients = EventRecipients(count: indices.count)
        for index in indices {
            let entry = self[index]
            let problem = entry.mayRefuse ? UncarriedDelivery(event, entry.stored.settings.id, entry.composer) : nil
            let isActive = entry.stored.state == .active
            let lane = entry.order?.lane(of: event)
            recipients.add(endpoint: entry.stored.key, revision: entry.stored.revision, isActive: isActive, lane: lane, problem)
        }
        return recipients
    }

    private func indices(for event: Event) throws(InputProblem) -> [Int] {
        guard let routing else { return [] }
        let route = Route(type: event.type, node: event.node, isOwn: event.isOwn)
        let (indices, node): ([Int], String)
        if let known = table.routes[route] {
            (indices, node) = known
        } else {
            guard let spelling = routing.spelling(of: event.node) else { throw EventRecipients.unknownNode(event.node) }
            indices = routing.recipients(type: event.type, node: event.node, isOwn: route.isOwn).compactMap { indexByKey[$0.key] }
            node = spelling
            if table.routes.count >= Self.routeLimit { table.routes.removeAll(keepingCapacity: true) }
            table.routes[route] = (indices, node)
        }
        if !Identifier.isWrittenAlike(event.node, node) { throw Identifier.writtenInTwoWays(event.node, field: "node") }
        return indices
    }

    /// The hierarchy as it was read last; `nil` before that.
    var hierarchy: Hierarchy? { routing?.hierarchy }

    /// Whether any node limits what goes out below it.
    var hasLimits: Bool { routing?.hasLimits ?? false }

    /// The limits that bind endpoints at a node, and whose the node is; see ``Routing``.
    func limits(of node: String) -> (limits: [(node: String?, depth: Int, limits: DeliveryLimits)], owners: [String]) {
        (routing?.limits(of: node) ?? [], routing?.owners(of: node) ?? [])
    }

    /// Who is told about exhausted deliveries of endpoints at a node.
    func notificationEmail(for node: String) -> String? { routing?.notificationEmail(for: node) }

    // MARK: Sending

    /// Takes secrets out of what a mail quotes of an endpoint's receiver, also of one that is gone. Attempts are stored without
    /// them, but with those of their time: one that became a credential later is hidden here.
    func redactor(ofEndpoint id: String, in store: any TopologyLookup, at now: Timestamp) throws(OutboxProblem) -> SecretRedactor? {
        if let index = indexByID[id] { return self[index].redactor }
        guard let stored = try store.endpoint(id: id) else { return nil }
        return SecretRedactor(stored.settings, try? Self.composer(stored.settings, at: now).get(), keeping: nil)
    }

    /// Where deliveries of a revision go; `nil` when there is no such revision.
    func target(of revision: Int64, in store: any TopologyLookup, at now: Timestamp) throws(OutboxProblem) -> Target? {
        checkThread()
        let known = table.targets[revision]
        if let known, known.map({ $0.sendTarget != nil || self[$0.endpoint].fault != nil }) ?? true { return known }
        let made = try makeTarget(revision, store, at: now, reusing: known??.composer, seating: true)
        remember(made, of: revision)
        return made
    }

    /// How many revisions are known, those too for which there is no target.
    var targetCount: Int { table.targets.count }

    private func makeTarget(
        _ key: Int64,
        _ store: any TopologyLookup,
        at now: Timestamp,
        reusing live: SwappableComposer?,
        seating seatsRemoved: Bool = false
    ) throws(OutboxProblem) -> Target? {
        guard let revision = try store.revision(key) else { return nil }
        var index = indexByKey[revision.endpoint]
        // A delivery to an endpoint that is gone, which somebody retried by hand: it is held, for when the endpoint comes back.
        if index == nil, seatsRemoved, let stored = try store.endpoint(revision.endpoint) { index = seat(stored, at: now) }
        guard let index else { return nil }
        let entry = self[index]
        let (settings, url) = revision.pinned(on: entry.stored.settings)
        let composer = revision.key == entry.stored.revision ? entry.composer : Self.composer(settings, at: now)
        let shared = live ?? SwappableComposer()
        shared.replace(with: composer)
        guard let url, entry.fault == nil else { return Target(endpoint: index, sendTarget: nil, composer: shared) }
        let target = SendTarget(
            key: revision.endpoint,
            url: url,
            method: settings.method,
            timeoutMilliseconds: settings.timeoutMilliseconds,
            inFlightLimit: settings.inFlightLimit,
            ratePerSecond: settings.ratePerSecond,
            composer: otherComposer?(settings) ?? shared,
            success: (try? composer.get())?.success,
            owners: routing?.owners(of: settings.node) ?? []
        )
        return Target(endpoint: index, sendTarget: target, composer: shared)
    }
}
