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
    /// Endpoints by their index. Removed ones give their place up as soon as nothing of theirs is under way, so that it stays
    /// as small as the topology however many come and go.
    @exclusivity(unchecked) private var places: [Entry?] = []
    private var vacant: [Int] = []
    private var vacated: [(index: Int, key: Int64)] = []
    private var indexByKey: [Int64: Int] = [:]
    private var indexByID: [String: Int] = [:]
    /// Says of which endpoints something is under way; `nil` while no engine runs.
    weak var holder: (any EndpointHolder)?
    @exclusivity(unchecked) private var routes: [Route: (endpoints: [Int], node: String)] = [:]
    @exclusivity(unchecked) private(set) var targets = IntegerTable<Target?>()

    /// One endpoint at one generation. An object, because a copy of its settings for every delivery would cost more than
    /// all else that is decided about it.
    final class Entry {
        let stored: StoredEndpoint
        /// For its current revision; when its settings cannot work, the reason.
        let composer: Result<EndpointComposer, InputProblem>
        /// Takes its secrets out of what receivers send back; `nil` when it has none.
        let redactor: SecretRedactor?
        /// Why nothing can be sent to it whatever its state, for people; what is for it waits. `nil` when all is well.
        let fault: String?
        /// Whether deliveries go out.
        let isActive: Bool
        let retry: RetrySchedule
        /// Whether there are events that its format cannot carry.
        let mayRefuse: Bool

        init(stored: StoredEndpoint, composer: Result<EndpointComposer, InputProblem>, redactor: SecretRedactor?) {
            self.stored = stored
            self.composer = composer
            self.redactor = redactor
            fault = EndpointDirectory.fault(of: stored, composer)
            isActive = stored.state == .active && fault == nil
            retry = stored.settings.retry
            mayRefuse = UncarriedDelivery.mayHappen(stored, composer)
        }
    }

    /// A place for requests of one revision. An object, because it is looked up for every delivery.
    final class Target {
        let endpoint: Int
        /// `nil` when no request can be made for it, or it is to be made again.
        @exclusivity(unchecked) fileprivate(set) var sendTarget: SendTarget?
        fileprivate(set) var composer: LiveComposer

        init(endpoint: Int, sendTarget: SendTarget?, composer: LiveComposer) {
            self.endpoint = endpoint
            self.sendTarget = sendTarget
            self.composer = composer
        }

        /// Lets go of the place itself and says whether requests hold it, or one before it, so that they are to get what the
        /// composer is exchanged for. Only the writer's thread hands out places, so there is no new holder meanwhile.
        fileprivate func isHeldWhenLetGo() -> Bool {
            sendTarget = nil
            return !isKnownUniquelyReferenced(&composer)
        }
    }

    private struct Route: Hashable {
        let type: String
        let node: String
    }

    /// Routes that are remembered; types and nodes come from outside, so their number is bounded.
    private static let routeLimit = 10_000

    private func checkThread() { assert(owner.isCurrent, "the directory was used beside the writer's thread") }

    /// Reads the topology again when it has changed.
    /// - Returns: Whether it had.
    func refresh(from store: any TopologyLookup, at now: Timestamp) throws(OutboxProblem) -> Bool {
        checkThread()
        if try store.topologyGeneration() == generation, store.topologyRollbacks == topologyRollbacks { return false }
        let topology = try store.topology(withCredentials: true, withRemoved: false)
        do throws(InputProblem) {
            routing = try Routing(nodes: topology.nodes, endpoints: topology.endpoints)
        } catch {
            throw OutboxProblem(.damaged, "the hierarchy in the outbox is damaged: \(error)")
        }
        try letGo(except: Set(topology.endpoints.map(\.key)), store, at: now)
        for endpoint in topology.endpoints { place(endpoint, at: now) }
        indexByID = Dictionary(indexByKey.values.map { (self[$0].stored.settings.id, $0) }, uniquingKeysWith: { $1 })
        routes.removeAll(keepingCapacity: true)
        // A reading that fails on the way is done again, and finds all targets still there.
        generation = -1
        version += 1
        // Requests that wait hold the old target, whose composer is made new in place. All others are made when they are asked
        // for again, so that those of earlier revisions do not pile up.
        targets = IntegerTable(targets.all.filter { $0.value?.isHeldWhenLetGo() ?? false })
        var fresh = IntegerTable<Target?>()
        for (revision, target) in targets.all {
            guard let target, let made = try makeTarget(revision, store, at: now, reusing: target.composer) else { continue }
            fresh[revision] = made
        }
        targets = fresh
        generation = topology.generation
        topologyRollbacks = store.topologyRollbacks
        return true
    }

    // MARK: Places

    /// The endpoint at a place. Indices are valid only while held, or until the next call.
    subscript(index: Int) -> Entry { places[index]! }

    /// The place of the endpoint with a number; `nil` when it has none.
    func index(ofEndpoint key: Int64) -> Int? { indexByKey[key] }

    /// All that have one, in no order that means anything.
    var entries: [Entry] { places.compactMap { $0 } }

    /// How many places there are, vacant ones too.
    var placeCount: Int { places.count }

    /// Gives an endpoint a place, or puts what is new about it into the one that it has.
    @discardableResult
    private func place(_ endpoint: StoredEndpoint, at now: Timestamp) -> Int {
        let composer = Self.composer(endpoint.settings, at: now)
        let known = indexByKey[endpoint.key]
        let redactor = SecretRedactor(endpoint.settings, try? composer.get(), keeping: known.flatMap { self[$0].redactor })
        let entry = Entry(stored: endpoint, composer: composer, redactor: redactor)
        let index = known ?? vacant.popLast() ?? places.count
        if index == places.count { places.append(entry) } else { places[index] = entry }
        indexByKey[endpoint.key] = index
        return index
    }

    /// Vacates the places of endpoints that are gone, but for those of which something is under way.
    private func letGo(except present: Set<Int64>, _ store: any TopologyLookup, at now: Timestamp) throws(OutboxProblem) {
        for (key, index) in indexByKey where !present.contains(key) {
            if let holder, holder.isAboard, holder.holds(index) {
                // What is pruned already is still to be recalled, and its results to be taken in.
                place(try store.endpoint(key) ?? self[index].stored.withState(.removed), at: now)
                continue
            }
            places[index] = nil
            indexByKey[key] = nil
            vacant.append(index)
            if holder?.isAboard == true { vacated.append((index, key)) }
        }
    }

    /// The places that were vacated since this was asked last, with the numbers of the endpoints that had them.
    func takeVacated() -> [(index: Int, key: Int64)] {
        defer { vacated = [] }
        return vacated
    }

    /// Whether an engine of this process keeps it up to date.
    var isKeptUp: Bool { generation >= 0 && holder?.isAboard ?? false }

    /// The next reading is a whole one.
    func outdate() { generation = -1 }

    static func composer(_ settings: EndpointSettings, at now: Timestamp) -> Result<EndpointComposer, InputProblem> {
        do throws(InputProblem) { return .success(try EndpointComposer(settings, now: now)) } catch { return .failure(error) }
    }

    /// Endpoints that have to prove themselves before they get anything.
    var unverified: [HandshakeQueue.Candidate] {
        entries.filter { $0.stored.state == .unverified && $0.fault == nil && $0.stored.settings.needsValidation }.map { entry in
            HandshakeQueue.Candidate(
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
        var recipients = EventRecipients()
        for index in try indices(for: event) {
            let entry = self[index]
            let problem = entry.mayRefuse ? UncarriedDelivery(event, entry.stored.settings.id, entry.composer) : nil
            recipients.add(revision: entry.stored.revision, isActive: entry.stored.state == .active, problem)
        }
        return recipients
    }

    private func indices(for event: Event) throws(InputProblem) -> [Int] {
        guard let routing else { return [] }
        let route = Route(type: event.type, node: event.node)
        let (indices, node): ([Int], String)
        if let known = routes[route] {
            (indices, node) = known
        } else {
            guard let spelling = routing.spelling(of: event.node) else { throw EventRecipients.unknownNode(event.node) }
            indices = routing.recipients(type: event.type, node: event.node).compactMap { indexByKey[$0.key] }
            node = spelling
            if routes.count >= Self.routeLimit { routes.removeAll(keepingCapacity: true) }
            routes[route] = (indices, node)
        }
        if !Identifier.isWrittenAlike(event.node, node) { throw Identifier.writtenInTwoWays(event.node, field: "node") }
        return indices
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
        let known = targets[revision]
        if let known, known.map({ $0.sendTarget != nil || self[$0.endpoint].fault != nil }) ?? true { return known }
        let made = try makeTarget(revision, store, at: now, reusing: known??.composer, placing: true)
        targets[revision] = .some(made)
        return made
    }

    private func makeTarget(
        _ key: Int64,
        _ store: any TopologyLookup,
        at now: Timestamp,
        reusing live: LiveComposer?,
        placing placesRemoved: Bool = false
    ) throws(OutboxProblem) -> Target? {
        guard let revision = try store.revision(key) else { return nil }
        var index = indexByKey[revision.endpoint]
        // A delivery to an endpoint that is gone, which somebody retried by hand: it is held, for when the endpoint comes back.
        if index == nil, placesRemoved, let stored = try store.endpoint(revision.endpoint) { index = place(stored, at: now) }
        guard let index else { return nil }
        let entry = self[index]
        // Pinned to what it was accepted with: URL, method and envelope. Everything else is the newest.
        var settings = entry.stored.settings
        var url = try? EndpointURL(revision.url)
        if !revision.isDamaged, url != nil {
            settings.url = revision.url
            settings.method = revision.method
            settings.envelope = revision.envelope
        } else {
            // Nobody can say any more where it was to go but the endpoint's newest settings.
            url = try? EndpointURL(settings.url)
        }
        let composer = revision.key == entry.stored.revision ? entry.composer : Self.composer(settings, at: now)
        let slot = live ?? LiveComposer()
        slot.replace(with: composer)
        guard let url, entry.fault == nil else { return Target(endpoint: index, sendTarget: nil, composer: slot) }
        let target = SendTarget(
            key: revision.endpoint,
            url: url,
            method: settings.method,
            timeoutMilliseconds: settings.timeoutMilliseconds,
            inFlightLimit: settings.inFlightLimit,
            ratePerSecond: settings.ratePerSecond,
            composer: slot,
            owners: routing?.owners(of: settings.node) ?? []
        )
        return Target(endpoint: index, sendTarget: target, composer: slot)
    }
}

/// A composer that can be exchanged while requests wait: credentials are those of the moment of the attempt.
final class LiveComposer: RequestComposer {
    private let current = Mutex<Result<EndpointComposer, InputProblem>?>(nil)

    func replace(with composer: Result<EndpointComposer, InputProblem>) { current.withLock { $0 = composer } }

    func compose(
        _ event: AcceptedEvent,
        attempt: Int,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        if let problem = event.problem { throw problem }
        guard let composer = current.withLock({ $0 }) else {
            throw InputProblem(.notAllowedNow, field: "endpoint", reason: "has no composer yet")
        }
        try composer.get().compose(event, attempt: attempt, at: now, into: &request)
    }
}

/// Has requests under way, or their results.
protocol EndpointHolder: AnyObject {
    /// Whether the engine still runs.
    var isAboard: Bool { get }
    /// Whether anything of the endpoint with this index is under way.
    func holds(_ index: Int) -> Bool
}
