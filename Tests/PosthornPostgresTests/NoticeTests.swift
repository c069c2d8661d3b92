#if PostgreSQL
import Glibc
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornPostgres

/// When an engine is woken by a notice of a commit, and when it looks by itself.
@Suite struct NoticePaceTests {
    private static let later = NoticePace.awakeNanoseconds

    @Test func withoutNoticesItLooksAgainAndAgain() {
        var pace = NoticePace()
        #expect(pace.wantsLock(at: 0))
        pace.canListen = false
        #expect(!pace.wantsLock(at: 0))
        #expect(pace.delayMilliseconds(at: 0) == NoticePace.lookMilliseconds)
    }

    @Test func onceCoveredItLooksOnceMoreAndTrustsNoticesAfterTheFirst() {
        var pace = NoticePace()
        pace.canListen = true
        pace.covered()
        #expect(pace.delayMilliseconds(at: 0) == 0)
        // What that look finds was there before.
        pace.foundWithoutNotice()
        #expect(pace.delayMilliseconds(at: 0) == NoticePace.lookMilliseconds)
        pace.noticed(at: 1)
        #expect(!pace.isCovered && pace.delayMilliseconds(at: 1) == 0 && pace.delayMilliseconds(at: 1) == NoticePace.eagerLookMilliseconds)
        #expect(pace.delayMilliseconds(at: 1 + NoticePace.eagerNanoseconds) == NoticePace.quickLookMilliseconds)
        pace.found(at: NoticePace.eagerNanoseconds)
        #expect(pace.delayMilliseconds(at: 1 + NoticePace.eagerNanoseconds) == NoticePace.eagerLookMilliseconds)
        // For a while it stays awake, so that no commit has to notify under load.
        #expect(!pace.wantsLock(at: Self.later) && pace.wantsLock(at: 1 + Self.later))
        pace.covered()
        #expect(pace.delayMilliseconds(at: 1 + Self.later) == 0)
        #expect(pace.delayMilliseconds(at: 1 + Self.later) == NoticePace.trustingLookMilliseconds)
    }

    @Test func newsThatNoNoticeToldOfMakeItLookMoreOftenUntilOneDoes() {
        var pace = NoticePace()
        pace.canListen = true
        pace.noticed(at: 0)
        pace.covered()
        _ = pace.delayMilliseconds(at: Self.later)
        #expect(pace.delayMilliseconds(at: Self.later) == NoticePace.trustingLookMilliseconds)
        pace.foundWithoutNotice()
        #expect(pace.delayMilliseconds(at: Self.later) == NoticePace.lookMilliseconds)
        pace.noticed(at: Self.later)
        #expect(pace.isTrusted)
        pace.commitsAreUnderWay()
        _ = pace.delayMilliseconds(at: Self.later)
        #expect(pace.delayMilliseconds(at: 2 * Self.later) == NoticePace.quickLookMilliseconds)
        pace.sessionChanged()
        #expect(pace == NoticePace())
    }
}

/// Notices over a real server.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct NoticeTests {
    private static let now = Timestamp(milliseconds: 1_594_816_394_000)
    private let server: PostgresServer
    private let address: String
    private let engine: PostgresStore
    private let signal: any ChangeSignal

    init() throws {
        server = try PostgresServer.shared()
        address = try server.makeDatabase()
        engine = try PostgresStore(PostgresPlace(address), sealing: nil, now: Self.now)
        signal = try #require(engine.makeChangeSignal())
        try server.run("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')", in: address)
    }

    /// Sleeps as the writer's thread does, until every commit with news notifies.
    private func fallAsleep() throws {
        while !engine.notices.pace.isCovered || signal.delayMilliseconds() == 0 {
            signal.drain()
            _ = try engine.commitsByOthers()
            engine.maintain()
            _ = signal.delayMilliseconds()
        }
        #expect(signal.descriptor >= 0)
    }

    /// Whether there is something to read within a minute, or at once.
    private func isWoken(wait: Bool = true) -> Bool {
        var ready = pollfd(fd: signal.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&ready, 1, wait ? 60_000 : 0) > 0
    }

    private func insert(_ id: String, in address: String? = nil, before: String = "") throws {
        try server.run(
            "BEGIN \(before); INSERT INTO posthorn_outbox (id, type, node, data) VALUES ('\(id)', 'T', 's1', '{}'); COMMIT",
            in: address ?? self.address
        )
    }

    @Test func aSleepingEngineIsWokenByWhateverIsCommittedForIt() throws {
        let other = try PostgresStore(PostgresPlace(address), sealing: nil, now: Self.now)
        let news: [() throws -> Void] = [
            { try insert("e1") }, { try insert("e2", before: "ISOLATION LEVEL SERIALIZABLE") },
            { try other.write { () throws(OutboxProblem) in other.countQueueUp() } },
        ]
        for happen in news {
            try fallAsleep()
            #expect(!isWoken(wait: false))
            try happen()
            #expect(isWoken())
            signal.drain()
            #expect(engine.notices.pace.isTrusted && !engine.notices.pace.isCovered)
            engine.maintain()
        }
    }

    @Test func whileAllAreAwakeNoCommitNotifies() throws {
        let listener = try PostgresConnection(PostgresPlace(address))
        try listener.execute("LISTEN posthorn")
        func hears() throws -> Bool {
            try listener.execute("SELECT 1")
            return listener.takeNotices()
        }
        try insert("e1")
        #expect(try !hears())
        try fallAsleep()
        // A transaction that was rolled back has no news, and neither has a recording one.
        try server.run("BEGIN; INSERT INTO posthorn_outbox (type, node, data) VALUES ('T', 's1', '{}'); ROLLBACK", in: address)
        let other = try PostgresStore(PostgresPlace(address), sealing: nil, now: Self.now)
        try other.write { () throws(OutboxProblem) in }
        #expect(try !hears())
        try insert("e2")
        #expect(try hears())
        signal.drain()
        engine.maintain()
        // What lets go of the lock goes with the next question.
        _ = try engine.commitsByOthers()
        for number in 0..<20 { try insert("more\(number)") }
        #expect(try !hears())
    }

    @Test func anEngineThatSleepsAlreadyCoversTheOthers() throws {
        try fallAsleep()
        let second = try PostgresStore(PostgresPlace(address), sealing: nil, now: Self.now)
        let other = try #require(second.makeChangeSignal())
        while !second.notices.pace.isCovered { _ = other.delayMilliseconds() }
        try insert("e1")
        var ready = pollfd(fd: other.descriptor, events: Int16(POLLIN), revents: 0)
        #expect(isWoken() && poll(&ready, 1, 60_000) > 0)
    }

    @Test func overAnotherSessionItBeginsAgain() throws {
        try fallAsleep()
        try server.run("SELECT pg_terminate_backend(\(engine.connection.backend))", in: address)
        #expect(isWoken())
        signal.drain()
        #expect(throws: OutboxProblem.self) { _ = try engine.commitsByOthers() }
        _ = try engine.commitsByOthers()
        try fallAsleep()
        try insert("e1")
        #expect(isWoken())
    }
}
#endif
