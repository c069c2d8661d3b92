import PosthornModel
import PosthornSending
import PosthornStore
import PosthornText

/// A duty of a running engine on the writer's thread, beside dispatch: it looks between two commits, and writes inside them.
///
/// ``EngineCore`` has them in a list and calls each at its turns, in the list's order, on the writer's thread alone. What a duty does in one
/// call is bounded, since everybody who writes waits for it: thousands of rows at most, the rest at the next turn.
protocol EngineDuty: AnyObject {
    /// Whether it has something for the next transaction.
    var hasPendingWrites: Bool { get }
    /// Looks what there is to do, between two transactions.
    /// - Returns: When to be called again at the latest; `nil` when only a wake-up matters.
    func look(_ turn: EngineTurn, _ store: any OutboxStore) throws(OutboxProblem) -> Timestamp?
    /// The directory has been read, and says what has changed of the endpoints.
    func endpointsChanged(_ change: EndpointsChange)
    /// The engine delivers other shards than before: what it knows of the endpoints of those that it has lost is another engine's by now, and
    /// of those that it has gained the outbox knows. Called once for each change, whatever becomes of the turn.
    func shardsChanged(_ change: LeaseBook.Change)
    /// Writes inside the transaction, after the results that it records.
    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem)
    /// What it wrote is durable, and so are these results.
    func committed(_ results: CommittedResults)
    /// A transaction or a turn came to nothing; what it wrote, if anything, was undone.
    func failed()
    /// An endpoint's index is vacant, or another's by now.
    func forget(_ endpoint: Int)
}

extension EngineDuty {
    var hasPendingWrites: Bool { false }
    func look(_ turn: EngineTurn, _ store: any OutboxStore) throws(OutboxProblem) -> Timestamp? { nil }
    func endpointsChanged(_ change: EndpointsChange) {}
    func shardsChanged(_ change: LeaseBook.Change) {}
    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem) {}
    func committed(_ results: CommittedResults) {}
    func failed() {}
    func forget(_ endpoint: Int) {}
}

/// What a turn of the engine is about.
struct EngineTurn {
    let now: Timestamp
    /// Whether anybody but the engine has written since the turn before, or this is its first. Never inside a transaction.
    var foreignCommit = false
    /// Requests under way, those left out whose results this transaction records.
    let inFlight: Int
    /// Whether the outbox could not be written lately.
    let storageFailed: Bool
}

/// What a reading of the directory has changed.
struct EndpointsChange {
    /// Endpoints that were read again, removed ones too.
    let changed: [EndpointDirectory.Entry]
    /// The numbers of those that take no deliveries now, though they are there.
    let inactive: Set<Int64>
}

/// Results of which a commit has recorded the attempts.
struct CommittedResults {
    /// In the batches that they came in.
    let batches: [[SendResult]]
    /// What was recorded of each, in their order.
    let records: [AttemptRecord]
    /// How many deliveries are delivered, and how many exhausted, by them.
    let delivered: Int
    let exhausted: Int

    init(_ batches: [[SendResult]], _ records: [AttemptRecord]) {
        self.batches = batches
        self.records = records
        var (delivered, exhausted) = (0, 0)
        // Through a pointer: a loop over the array itself would count each record's references up and down.
        records.withUnsafeBufferPointer { records in
            for index in records.indices {
                switch records[index].transition.state {
                case .delivered: delivered += 1
                case .exhausted: exhausted += 1
                case .pending, .held, .cancelled: break
                }
            }
        }
        (self.delivered, self.exhausted) = (delivered, exhausted)
    }

    var count: Int { records.count }
}
