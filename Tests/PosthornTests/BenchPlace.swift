import Glibc
import Posthorn
import PosthornMemoryStore
import PosthornModel
#if PostgreSQL
import PosthornPostgres
#endif
import PosthornSQLite
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Testing

/// The stores that the tests of the engine run on.
enum BenchStore: String, Sendable {
    case sqlite = "in a file"
    case memory = "in memory"
    #if PostgreSQL
    case postgres = "in PostgreSQL"
    #endif

    /// All that this build has and this machine can start.
    static var all: [BenchStore] {
        #if PostgreSQL
        if PostgresServer.isInstalled { return [.sqlite, .memory, .postgres] }
        #endif
        return [.sqlite, .memory]
    }

    /// Those of most tests: each has its minute on the build server, so PostgreSQL is among them where it is asked for
    /// (POSTHORN_TEST_EVERY_STORE=1).
    static var usual: [BenchStore] { getenv("POSTHORN_TEST_EVERY_STORE") == nil ? [.sqlite, .memory] : all }

    /// The one of this run of a test; see ``OnEachStore``.
    @TaskLocal static var current = BenchStore.sqlite
}

/// Runs a test once on each store: what the engine does follows from the port alone.
struct OnEachStore: TestTrait, SuiteTrait, TestScoping {
    let stores: [BenchStore]
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        for store in stores {
            // Whoever reads a failure sees where it was.
            let naming = IssueHandlingTrait.compactMapIssues { issue in
                var issue = issue
                issue.comments.append("on an outbox \(store.rawValue)")
                return issue
            }
            try await naming.provideScope(for: test, testCase: testCase) {
                try await BenchStore.$current.withValue(store) { try await function() }
            }
        }
    }
}

extension Trait where Self == OnEachStore {
    /// Runs each test once on each of the usual stores.
    static var onEachStore: Self { OnEachStore(stores: BenchStore.usual) }

    /// Runs each test once on each store, in every build: for what holds, orders, repeats and recovers deliveries.
    static var onEveryStore: Self { OnEachStore(stores: BenchStore.all) }

    /// The same on those that serve one engine at a time, so that a second one stands by.
    static var onEachStoreOfOneEngine: Self { OnEachStore(stores: [.sqlite, .memory]) }
}

/// Where the outbox of a test is, for as many as want to open it.
struct BenchPlace: Sendable {
    let location: any StoreLocation
    private let insertEvent: @Sendable (Event) throws -> Void

    /// A new outbox on the store of this run.
    init(in folder: TemporaryDirectory, on store: BenchStore = .current, busyTimeoutMilliseconds: Int32 = 10_000) throws {
        switch store {
        case .sqlite:
            let path = folder.file("outbox.db")
            location = SQLiteLocation(path: path, busyTimeoutMilliseconds: busyTimeoutMilliseconds)
            insertEvent = { event in
                let platform = try PlatformConnection(path)
                try platform.execute("BEGIN IMMEDIATE")
                // What is not committed goes with the connection.
                try TransactionalEmit.insert(event, into: platform.handle, ofOutbox: path)
                try platform.execute("COMMIT")
            }
        case .memory:
            let outbox = MemoryOutbox()
            location = outbox
            insertEvent = { outbox.insert($0) }
        #if PostgreSQL
        case .postgres: (location, insertEvent) = try Self.inPostgreSQL()
        #endif
        }
    }

    #if PostgreSQL
    /// A server that does not flush: what engines decide does not depend on that. The store's contract, faults and kills are tried with one
    /// that does.
    private static let server = Result { try PostgresServer(settings: ["fsync=off"]) }

    /// Copied for each test, which is faster than making the tables anew.
    private static let template = Result { () throws -> String in
        let server = try Self.server.get()
        let address = try server.makeDatabase()
        try Outbox(postgreSQL: address).close()
        return server.name(of: address)
    }

    private static func inPostgreSQL() throws -> (any StoreLocation, @Sendable (Event) throws -> Void) {
        let server = try Self.server.get()
        let address = try server.makeDatabase("TEMPLATE \(template.get())")
        let location = try PostgresLocation(address)
        return (
            location,
            { event in
                let data = String(decoding: event.data, as: UTF8.self).replacing("'", with: "''")
                let row = "'\(event.id)', '\(event.type)', '\(event.node)', \(event.created.milliseconds), '\(data)'"
                try server.run("INSERT INTO posthorn_outbox (id, type, node, created, data) VALUES (\(row))", in: address)
            }
        )
    }
    #endif

    /// An outbox that is somewhere already, and into which nobody inserts.
    init(_ location: any StoreLocation) {
        self.location = location
        insertEvent = { _ in Issue.record("nothing can be inserted here") }
    }

    /// Opens it once more, as another process would.
    func open(
        key: OutboxKey? = nil,
        replacing former: OutboxKey? = nil,
        clock: any PosthornClock = SystemClock(),
        random: any RandomSource = SystemRandom()
    ) throws -> Outbox {
        try Outbox(at: location, key: key, replacing: former, clock: clock, random: random)
    }

    /// Inserts an event as a platform does that knows nothing of Posthorn's library.
    func insert(_ id: String = "inserted", type: String, node: String, data: String = "{}", at now: Timestamp = SystemClock().now()) throws
    {
        try insertEvent(Event(id: id, type: type, node: node, created: now, data: Array(data.utf8)))
    }
}
