import CPosthornSQLite
import Glibc
import Posthorn
import PosthornTestSupport
import Testing

/// An event in the platform's own transaction is refused as any other is, and not put where it would get lost.
@Suite(.limited()) struct TransactionalEmitTests {
    private let bench: EngineBench
    private let platform: PlatformConnection

    init() throws {
        bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "crm", node: "s", url: "https://crm.example/hooks", vendor: .weseedo)])
        platform = try PlatformConnection(bench.outbox.path)
    }

    private static func event(_ id: String, node: String = "s", type: String = "T", data: String = "{}") -> NewEvent {
        NewEvent(id: id, type: type, node: node, data: data)
    }

    private func error(_ work: () throws(OutboxError) -> Void) -> OutboxError? {
        do throws(OutboxError) { try work() } catch { return error }
        return nil
    }

    private func refusal(_ event: NewEvent, through connection: PlatformConnection? = nil) -> OutboxError? {
        error { () throws(OutboxError) in _ = try bench.outbox.emit(event, inTransactionOf: (connection ?? platform).handle) }
    }

    /// Runs a block inside a transaction of the platform's, and rolls it back.
    private func inTransaction<Result>(_ work: () throws -> Result) throws -> Result {
        try platform.execute("BEGIN IMMEDIATE")
        defer { try? platform.execute("ROLLBACK") }
        return try work()
    }

    @Test func bothWaysOfEmittingFailAlike() throws {
        _ = try bench.outbox.emit(Self.event("known"))
        let refused = [
            Self.event("a", node: "nowhere"), Self.event("known", data: #"{"other":1}"#), Self.event("a", data: "[]"),
            Self.event("a", type: "no type"), Self.event("no id"),
        ]
        for event in refused {
            let alone = error { () throws(OutboxError) in _ = try bench.outbox.blocking.emit(event) }
            let inside = try inTransaction { refusal(event) }
            #expect(alone != nil && alone == inside, "\(event)")
        }
        // The same again is accepted by both.
        #expect(try inTransaction { refusal(Self.event("known")) } == nil)
    }

    @Test func bothWaysKeepAndRefuseATraceAlike() throws {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        var (alone, inside, wrong) = (Self.event("alone"), Self.event("inside"), Self.event("wrong"))
        (alone.traceparent, inside.traceparent, wrong.traceparent) = (trace, trace, "00-0-0-0")
        _ = try bench.outbox.blocking.emit(alone)
        try platform.execute("BEGIN IMMEDIATE")
        #expect(refusal(inside) == nil)
        try platform.execute("COMMIT")
        for id in ["alone", "inside"] { #expect(try bench.outbox.event(id).event.traceparent == trace) }
        let refused = error { () throws(OutboxError) in _ = try bench.outbox.blocking.emit(wrong) }
        #expect(try refused?.code == "malformed" && refused == inTransaction { refusal(wrong) })
    }

    @Test func bothWaysKeepAndRefuseHeadersAlike() throws {
        let headers = [EventHeader(name: "X-Tenant", value: "acme"), EventHeader(name: "x-a", value: #"say "a""#)]
        var (alone, inside, wrong) = (Self.event("alone"), Self.event("inside"), Self.event("wrong"))
        (alone.headers, inside.headers, wrong.headers) = (headers, headers, [EventHeader(name: "host", value: "x")])
        _ = try bench.outbox.blocking.emit(alone)
        try platform.execute("BEGIN IMMEDIATE")
        #expect(refusal(inside) == nil)
        try platform.execute("COMMIT")
        for id in ["alone", "inside"] { #expect(try bench.outbox.event(id).event.headers == headers) }
        let refused = error { () throws(OutboxError) in _ = try bench.outbox.blocking.emit(wrong) }
        #expect(try refused?.code == "not_allowed" && refused == inTransaction { refusal(wrong) })
        // The same event with others is another one.
        for id in ["alone", "inside"] {
            let other = Self.event(id)
            let conflict = error { () throws(OutboxError) in _ = try bench.outbox.blocking.emit(other) }
            #expect(try conflict?.code == "conflict" && conflict == inTransaction { refusal(other) })
        }
    }

    @Test func aConnectionWithoutATransactionIsRefused() throws {
        guard case .store(let problem) = refusal(Self.event("a")) else { throw Missing() }
        #expect(problem.code == .connection && problem.message.contains("no open transaction"))
        #expect(try bench.outbox.status().events == 0)
    }

    @Test func aConnectionToAnotherFileIsRefused() throws {
        let other = try EngineBench()
        try other.apply([])
        let connection = try PlatformConnection(other.outbox.path)
        try connection.execute("BEGIN IMMEDIATE")
        guard case .store(let problem) = refusal(Self.event("a"), through: connection) else { throw Missing() }
        #expect(problem.code == .connection && problem.message.contains(other.outbox.path) && problem.message.contains(bench.outbox.path))
        // Also where the outbox is attached: two files are not committed together.
        try connection.execute("ROLLBACK; ATTACH '\(bench.outbox.path)' AS outbox; BEGIN IMMEDIATE")
        #expect(refusal(Self.event("a"), through: connection)?.code == "connection")
    }

    @Test func aConnectionThatLosesCommitsIsRefused() throws {
        for level in ["OFF", "NORMAL"] {
            try platform.execute("PRAGMA synchronous = \(level)")
            let refused = try inTransaction { refusal(Self.event("a")) }
            #expect(refused?.code == "connection" && "\(refused.map { "\($0)" } ?? "")".contains("synchronous = FULL"))
        }
        for level in ["FULL", "EXTRA"] {
            try platform.execute("PRAGMA synchronous = \(level)")
            #expect(try inTransaction { refusal(Self.event("a")) } == nil)
        }
    }

    /// A symbolic link leads to the same file.
    @Test func anotherNameOfTheFileWillDo() throws {
        let link = bench.folder.file("link.db")
        #expect(symlink(bench.outbox.path, link) == 0)
        let connection = try PlatformConnection(link)
        try connection.execute("BEGIN IMMEDIATE")
        #expect(refusal(Self.event("a"), through: connection) == nil)
    }

    @Test(arguments: [":memory:", ""])
    func anOutboxWithoutAFileIsRefusedAndLeavesNone(_ name: String) throws {
        let before = access(":memory:", F_OK)
        let refused = error { () throws(OutboxError) in _ = try Outbox(path: name) }
        guard case .store(let problem) = refused else { throw Missing() }
        #expect(problem.code == .access && problem.remedy == .nameAnotherFile)
        #expect(access(":memory:", F_OK) == before && before != 0)
    }

    private struct Missing: Error {}
}
