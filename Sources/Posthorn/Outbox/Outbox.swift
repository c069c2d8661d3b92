package import PosthornModel
import PosthornText
package import PosthornStore
import PosthornSending
import PosthornFormats
package import PosthornSystem
import Synchronization

/// An outbox in a SQLite file: where a platform puts its events, and where an ``Engine`` finds them.
///
/// ```swift
/// let outbox = try Outbox(path: "posthorn.db")
/// let emitted = try await outbox.emit(NewEvent(type: "MEETING_STARTED", node: "s1", data: #"{"id": "m1"}"#))
/// ```
///
/// All methods may be called from any thread, and throw an ``OutboxError``. Those that wait for something do so without blocking the
/// caller's thread; ``blocking`` has them for programs without Swift concurrency.
public final class Outbox: @unchecked Sendable {
    // `directory` and `router` are used on the writer's thread alone; everything else is immutable or behind a lock.
    let directory: EndpointDirectory
    let router: EventRouter
    let writer: GroupCommitWriter
    let clock: any PosthornClock
    let random: any RandomSource
    private let readers: any OutboxReaders
    let sealing: SealedCredentials?
    /// What this process does with the outbox, counted.
    package let meter = OutboxMeter()
    /// The hierarchy as scoped readings use it.
    let topologies = TopologyCache()
    /// For the asynchronous calls.
    let calls = CallThreads()
    /// For those that wait for a receiver, so that receivers that hang hold up no others.
    let receiverCalls = CallThreads()

    /// The database file; of another store what messages call it.
    public let path: String
    /// Over what was opened.
    private let watch: any StoreWatch

    /// Opens an outbox wherever its store is.
    ///
    /// - Parameters:
    ///   - location: Where it is, and how it is opened.
    ///   - key: Seals the credentials of endpoints; `nil` to store them in the clear.
    ///   - formerKey: Another key that may open them, while `key` takes its place; see ``reseal()``.
    ///   - clock: Where the time comes from.
    ///   - random: Where made ids come from.
    package init(
        at location: any StoreLocation,
        key: OutboxKey? = nil,
        replacing formerKey: OutboxKey? = nil,
        clock: any PosthornClock = SystemClock(),
        random: any RandomSource = SystemRandom()
    ) throws {
        sealing = key.map { SealedCredentials($0, inPlaceOf: formerKey) }
        let store = try location.open(sealing: sealing, at: clock.now())
        directory = EndpointDirectory()
        router = EventRouter(directory)
        path = location.name
        self.clock = clock
        self.random = random
        watch = store.makeWatch()
        readers = location.makeReaders(sealing: sealing) { clock.now() }
        writer = try GroupCommitWriter(store: store, clock: clock)
    }

    /// Finishes what waits and closes the file. An engine on it must have ended.
    public func close() {
        writer.close()
        readers.close()
    }

    deinit { writer.close() }

    // MARK: Emitting

    /// Stores an event with its deliveries and waits until it is on disk. Calls from many threads share a flush.
    ///
    /// - Throws: `InputProblem` when the event is refused; `OutboxProblem` when nothing is known to be stored and the same
    ///   call can be made again.
    package func emit(_ event: NewEvent) throws -> EmittedEvent {
        let batch = EmitBatch([event], keepsOthers: true, at: clock.now(), random)
        if let refusal = batch.refusal { throw refusal.problem }
        // One alone has nothing to be undone, and a savepoint has its price: each page that changes is copied for it.
        return try store(batch, isolated: false)[0].get()
    }

    /// Stores events in one transaction: all of them, or none when one is refused.
    ///
    /// - Throws: `EmitRefusal` that names the event that was refused; `OutboxProblem` for the store.
    package func emit(_ events: [NewEvent]) throws -> [EmittedEvent] {
        let batch = EmitBatch(events, keepsOthers: false, at: clock.now(), random)
        if let refusal = batch.refusal { throw refusal }
        do throws(OutboxProblem) { return try store(batch, isolated: true).compactMap { try? $0.get() } } catch {
            if error.code == .refused, let refusal = batch.refusal { throw refusal }
            throw error
        }
    }

    /// Stores events, each for itself: what becomes of each is in the result.
    package func emitEach(_ events: [NewEvent]) throws(OutboxProblem) -> [Result<EmittedEvent, InputProblem>] {
        try store(EmitBatch(events, keepsOthers: true, at: clock.now(), random), isolated: false)
    }

    private func store(_ batch: EmitBatch, isolated: Bool) throws(OutboxProblem) -> [Result<EmittedEvent, InputProblem>] {
        let results = try writer.perform(isolated: isolated, weight: batch.events.count) { [self] (store) throws(OutboxProblem) in
            try batch.store(in: store, router, at: clock.now())
        }
        meter.accepted(results, from: .library)
        return results
    }

    /// What commits take.
    package var commits: CommitMeter.Figures { writer.meter.figures }

    /// How much the writer has asked of the store so far, for benchmarks and metrics.
    package func counters() throws(OutboxProblem) -> StoreCounters {
        try writer.perform { (store) throws(OutboxProblem) in store.counters }
    }

    /// An id for an event that was handed in without one.
    func makeEventID(at now: Timestamp) -> String { EventID.make(at: now, random: random.next()) }

    // MARK: Reading

    /// Reads with a connection of its own, so that no list waits for a writer.
    func read<Result: Sendable>(_ body: (any OutboxReader) throws -> Result) throws -> Result {
        // What is read shall be what is written here, be it that another file has the name by now.
        if let problem = watch.problem() { throw problem }
        return try readers.read(body)
    }
}
