public import PosthornModel
public import PosthornStore
public import PosthornSending
public import PosthornText

/// An outbox for threads that may wait: the same calls, which return when they are done. See ``Outbox/blocking``.
public struct BlockingOutbox: Sendable {
    let outbox: Outbox

    init(_ outbox: Outbox) { self.outbox = outbox }

    /// Stores an event with its deliveries, and returns when it is on disk. Calls at the same time share a flush.
    public func emit(_ event: NewEvent) throws(OutboxError) -> EmittedEvent {
        try OutboxError.typed { try outbox.emit(event) }
    }

    /// Stores events in one transaction: all of them, or none when one is refused, which ``OutboxError/event(_:)`` names.
    public func emit(_ events: [NewEvent]) throws(OutboxError) -> [EmittedEvent] {
        try OutboxError.typed { try outbox.emit(events) }
    }

    /// Stores events, each for itself: what becomes of each is in the result.
    public func emitEach(_ events: [NewEvent]) throws(OutboxError) -> [Result<EmittedEvent, InputProblem>] {
        try OutboxError.typed { try outbox.emitEach(events) }
    }

    /// The event with an id.
    public func event(_ id: String) throws(OutboxError) -> StoredEvent {
        try OutboxError.typed { try outbox.storedEvent(id) }
    }

    /// A page of the events of a type (of every type for `nil`), in the order in which they were stored.
    public func events(ofType pattern: EventPattern? = nil, after cursor: PageCursor? = nil) throws(OutboxError) -> Page<
        Event
    > {
        try OutboxError.typed { try outbox.page(ofType: pattern, after: cursor) }
    }

    /// A page of the deliveries that a filter asks for, newest first unless it says otherwise.
    public func deliveries(_ filter: DeliveryFilter = .newest, after cursor: PageCursor? = nil, limit: Int = 100) throws(OutboxError)
        -> Page<Delivery>
    {
        try OutboxError.typed { try outbox.page(filter, after: cursor, limit: limit) }
    }

    /// The attempts of a delivery, first to last.
    public func attempts(of delivery: Int64) throws(OutboxError) -> [Attempt] {
        try OutboxError.typed { try outbox.attempts(of: delivery) }
    }

    /// How many deliveries something would be done to, by the ids of their endpoints and by state. Changes nothing.
    public func count(_ filter: DeliveryFilter, for action: DeliveryAction) throws(OutboxError) -> [String: [DeliveryState: Int]] {
        try OutboxError.typed { try outbox.count(filter, for: action) }
    }

    /// Counts, ages and rates.
    public func status() throws(OutboxError) -> OutboxStatus {
        try OutboxError.typed { try outbox.status() }
    }

    /// Endpoints whose receivers have asked to be left alone (`Retry-After`), by their ids, and until when.
    public func throttledEndpoints() throws(OutboxError) -> [String: Timestamp] {
        try OutboxError.typed { try outbox.throttledEndpoints() }
    }

    /// What is known of endpoints that cannot be used.
    public func endpointFaults() throws(OutboxError) -> EndpointFaults {
        try OutboxError.typed { try outbox.endpointFaults() }
    }

    /// Makes the hierarchy and its endpoints what a topology says: all of it or, when something is wrong, nothing.
    public func apply(_ topology: Topology, prune: Bool = false, pruneAll: Bool = false, keyLost: Bool = false) throws(OutboxError)
        -> [TopologyChange]
    {
        try OutboxError.typed { try outbox.apply(topology, prune: prune, pruneAll: pruneAll, keyLost: keyLost) }
    }

    /// Adds a node, or changes the one with its id.
    public func put(_ node: Node) throws(OutboxError) -> [TopologyChange] {
        try OutboxError.typed { try outbox.put(node) }
    }

    /// Adds an endpoint, or changes the one with its id.
    public func put(_ endpoint: EndpointSettings) throws(OutboxError) -> [TopologyChange] {
        try OutboxError.typed { try outbox.put(endpoint) }
    }

    /// Changes one endpoint.
    public func updateEndpoint(_ id: String, _ change: @escaping @Sendable (inout EndpointSettings) -> Void) throws(OutboxError)
        -> [TopologyChange]
    {
        try OutboxError.typed { try outbox.updateEndpoint(id, change) }
    }

    /// The nodes and the endpoints, removed ones too, without credentials and values of headers; so it needs no key.
    public func topology() throws(OutboxError) -> StoredTopology {
        try OutboxError.typed { try outbox.topology() }
    }

    /// The topology as JSON, which `posthorn apply` takes back.
    public func exportedTopology(withSecrets: Bool) throws(OutboxError) -> String {
        try OutboxError.typed { try outbox.exportedTopology(withSecrets: withSecrets) }
    }

    /// One endpoint, with `***` in place of its secrets.
    public func endpoint(_ id: String) throws(OutboxError) -> StoredEndpoint {
        try OutboxError.typed { try outbox.maskedEndpoint(id) }
    }

    /// Removes one endpoint. A topology that has it brings it back.
    public func removeEndpoint(_ id: String, cancelsWaiting: Bool = false) throws(OutboxError) -> Int {
        try OutboxError.typed { try outbox.remove(endpoint: id, cancelsWaiting: cancelsWaiting) }
    }

    /// Removes one node.
    public func removeNode(_ id: String) throws(OutboxError) {
        try OutboxError.typed { try outbox.remove(node: id) }
    }

    /// Switches an endpoint off: its deliveries are held. Or on again: they go out.
    public func setEnabled(_ enabled: Bool, endpoint id: String, reason: String? = nil) throws(OutboxError) -> EndpointState {
        try OutboxError.typed { try outbox.setEnabled(enabled, endpoint: id, reason: reason) }
    }

    /// Replaces an endpoint's secret, or its token for Webio. Every attempt from now on uses it, also those of deliveries that wait already.
    public func rotate(endpoint id: String, name: String? = nil, newSecret: String? = nil, graceMilliseconds: Int64? = nil)
        throws(OutboxError) -> SecretRotation
    {
        try OutboxError.typed {
            try outbox.rotate(endpoint: id, name: name, newSecret: newSecret, graceMilliseconds: graceMilliseconds)
        }
    }

    /// Runs the vendor's URL verification now, and returns with the answer.
    public func verify(endpoint id: String, guard: EgressGuard, caFile: String? = nil) throws(OutboxError) -> EndpointVerification {
        try OutboxError.typed { try outbox.verify(endpoint: id, guard: `guard`, caFile: caFile) }
    }

    /// Sends a sample event to one endpoint, now and outside of the outbox: nothing is stored, no one else gets it.
    public func test(endpoint id: String, type: String? = nil, data: [UInt8]? = nil, guard: EgressGuard, caFile: String? = nil)
        throws(OutboxError) -> EndpointTest
    {
        try OutboxError.typed { try outbox.test(endpoint: id, type: type, data: data, guard: `guard`, caFile: caFile) }
    }

    /// Fills the `<<fields>>` of a text with values that a Webio endpoint's receiver gives: the custom value request.
    public func ask(endpoint id: String, text: String, customer: String? = nil, channel: String, guard: EgressGuard, caFile: String? = nil)
        throws(OutboxError) -> String
    {
        try OutboxError.typed {
            try outbox.ask(endpoint: id, text: text, customer: customer, channel: channel, guard: `guard`, caFile: caFile)
        }
    }

    /// When the client certificates of endpoints are valid, by endpoint.
    public func clientCertificates() throws(OutboxError) -> [String: CertificateValidity] {
        try OutboxError.typed { try outbox.clientCertificates() }
    }

    /// Tries deliveries again now.
    public func retry(_ selection: DeliverySelection, wholeRound: Bool = false, atCurrentURL: Bool = false) throws(OutboxError)
        -> RetryReport
    {
        try OutboxError.typed { try outbox.retry(selection, wholeRound: wholeRound, atCurrentURL: atCurrentURL) }
    }

    /// Sends deliveries that were delivered again, with a whole round of the schedule.
    public func resend(_ selection: DeliverySelection) throws(OutboxError) -> RetryReport {
        try OutboxError.typed { try outbox.resend(selection) }
    }

    /// Takes deliveries back: pending, held and exhausted ones are cancelled, for good. A request that is on the wire arrives all the same.
    public func cancel(_ selection: DeliverySelection) throws(OutboxError) -> CancelReport {
        try OutboxError.typed { try outbox.cancel(selection) }
    }

    /// Lets refused mails about exhausted deliveries be sent again.
    public func retryMails(endpoint: String? = nil) throws(OutboxError) -> [QueuedMail] {
        try OutboxError.typed { try outbox.retryMails(endpoint: endpoint) }
    }

    /// Deletes events whose deliveries all ended before a time, with their deliveries and attempts, and then endpoints that were removed
    public func prune(settledBefore cutoff: Timestamp) throws(OutboxError) -> PruneReport {
        try OutboxError.typed { try outbox.prune(settledBefore: cutoff) }
    }

    /// Copies the outbox into a new file while it is used, and checks the copy. What is sealed is sealed in the copy as well.
    public func backUp(to target: String) throws(OutboxError) -> BackupReport {
        try OutboxError.typed { try Outbox.backUpNow(outbox.path, to: target, clock: outbox.clock) }
    }

    /// Seals the credentials and fixed headers of all endpoints again with this outbox's key: all of them in one transaction, or none.
    public func reseal() throws(OutboxError) -> Int {
        try OutboxError.typed { try outbox.sealAnew() }
    }

    /// What SQLite's check of the whole file says; empty when all is well.
    public func integrityProblems() throws(OutboxError) -> [String] {
        try OutboxError.typed { try outbox.integrityProblems() }
    }
}

extension Outbox {
    /// The calls of this outbox in a form that blocks the calling thread, for programs without Swift concurrency. Tasks use the
    /// asynchronous ones: a thread of the cooperative pool that waits keeps unrelated tasks waiting.
    @available(*, noasync, message: "use the asynchronous calls of Outbox")
    public var blocking: BlockingOutbox { BlockingOutbox(self) }
}

extension Outbox: CustomReflectable {
    /// The file. What an outbox works with holds secrets.
    public var customMirror: Mirror { Mirror(self, children: ["path": path]) }
}
