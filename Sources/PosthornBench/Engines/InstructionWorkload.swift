import CPosthornLinux
import Glibc
import Posthorn
import PosthornBenchReports

/// A job that a process of its own does from its start to its end, so that somebody can count what the process executes.
struct InstructionWorkload {
    /// What makes this program that process.
    static let subcommand = "counted"

    enum Job: String, CaseIterable {
        /// An engine delivers a backlog that is there.
        case deliver
        /// The senders send from memory, without a store.
        case send
        /// Events are stored.
        case emit
    }

    let job: Job
    private(set) var load: Workload
    private var threads: Int
    private var port: Int
    private let database: String

    /// Under callgrind a whole engine shares one slow core: no request must fail for that.
    private static let timeoutMilliseconds = 600_000

    /// - Parameters:
    ///   - port: The receiver's.
    ///   - database: A file that ``prepare()`` makes.
    init(_ job: Job, _ load: Workload, threads: Int, port: Int, database: String) {
        self.job = job
        self.load = load
        self.threads = threads
        self.port = port
        self.database = database
        self.load.timeoutMilliseconds = Self.timeoutMilliseconds
    }

    /// The arguments that ``serve(_:)`` understands.
    var arguments: [String] {
        [Self.subcommand, job.rawValue, database] + Self.numbers.map { String(self[keyPath: $0]) }
    }

    private init?(_ arguments: [String]) {
        guard arguments.count == 2 + Self.numbers.count, let job = Job(rawValue: arguments[0]) else { return nil }
        self.init(job, Workload(), threads: 0, port: 0, database: arguments[1])
        for (path, text) in zip(Self.numbers, arguments.dropFirst(2)) { self[keyPath: path] = Int(text) ?? 0 }
    }

    private static var numbers: [WritableKeyPath<Self, Int>] {
        [\.threads, \.port, \.load.events, \.load.fanOut, \.load.endpoints, \.load.hosts, \.load.payloadBytes]
    }

    /// Makes the outbox that the job begins with.
    func prepare() throws {
        let outbox = try Outbox(path: database)
        defer { outbox.close() }
        _ = try outbox.apply(try load.topology(port: port))
        if job == .deliver { try load.emitAll(to: outbox) }
    }

    /// Throws unless the outbox shows that the job was done.
    func check() throws {
        if job == .send { return }
        let outbox = try Outbox(path: database, creating: false)
        defer { outbox.close() }
        let found = try outbox.status().deliveries[job == .deliver ? .delivered : .pending] ?? 0
        guard found == load.deliveries else { throw BenchProblem("only \(found) of \(load.deliveries) deliveries were made") }
    }

    /// The other side of ``arguments``: does the job. Prints the processor's count of its instructions, where there is one.
    static func serve(_ arguments: ArraySlice<String>) throws {
        let counter = InstructionCounter(withLaterThreads: true)
        guard let work = InstructionWorkload(Array(arguments)) else {
            throw BenchProblem.usage("\(subcommand) is for posthorn-bench itself")
        }
        _ = posthorn_end_with_parent()
        try work.run()
        if let counter { print(counter.count) }
    }

    private func run() throws {
        if job == .send {
            _ = try MemoryRun.of(load, threads: threads, port: port)
            return
        }
        let outbox = try Outbox(path: database, creating: false)
        defer { outbox.close() }
        if job == .emit { return try load.emitAll(to: outbox) }
        let sender = try Workload.senderConfiguration(threads: threads)
        let engine = try Engine(outbox: outbox, configuration: EngineConfiguration(untilSettled: true, sender: sender))
        try engine.run()
        let attempts = engine.statistics.attempts
        guard attempts == load.deliveries else {
            throw BenchProblem("\(attempts) attempts for \(load.deliveries) deliveries: requests failed, and the count says nothing")
        }
    }
}
