#if PostgreSQL
import PosthornPostgres
import Testing

@testable import PosthornCLI

/// What the doctor makes of a server's facts: values alone.
@Suite struct ServerCheckTests {
    /// A server that is as it should be.
    private static var good: ServerFacts {
        var facts = ServerFacts()
        facts.version = "15.4"
        facts.versionNumber = 150_004
        facts.encoding = "UTF8"
        facts.settings = ["fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "autovacuum": "on"]
        facts.role = "posthorn"
        facts.tls = "TLSv1.3"
        facts.tlsMode = "verify-full"
        facts.sessions = [.init(what: "of the server", taken: 10, limit: 97)]
        facts.tables = [.init(name: "posthorn_pending", live: 10, dead: 900_000, isVacuumed: true)]
        return facts
    }

    @Test func aGoodServerHasNoFault() {
        let findings = ServerChecks.findings(Self.good)
        #expect(findings.allSatisfy { $0.severity == .ok }, "\(findings)")
        #expect(
            findings.map(\.check) == [
                "version", "encoding", "durability", "replication", "role", "tls", "old rows", "sessions", "vacuum",
            ]
        )
    }

    /// A fault, what finds it, how bad it is, and words of its line.
    private static let faults: [(check: String, severity: Finding.Severity, words: String, make: @Sendable (inout ServerFacts) -> Void)] = [
        ("version", .problem, "13 or later", { $0.versionNumber = 120_005 }),
        ("clock", .warn, "2h 0m ahead of the server's", { $0.clockAheadMilliseconds = 7_200_000 }),
        ("clock", .warn, "behind the server's", { $0.clockAheadMilliseconds = -1500 }),
        ("durability", .problem, "fsync off", { $0.settings["fsync"] = "off" }),
        ("durability", .problem, "set both to on", { $0.settings["full_page_writes"] = "off" }),
        ("durability", .warn, "loses the last commits", { $0.settings["synchronous_commit"] = "off" }),
        ("replication", .problem, "is a standby", { $0.isStandby = true }),
        ("replication", .problem, "none is connected", { $0.settings["synchronous_standby_names"] = "s1" }),
        (
            "replication", .warn, "s1 (async, 1.0 GiB behind)",
            { $0.standbys = [.init(name: "s1", state: "streaming", role: "async", lagBytes: 1 << 30)] }
        ),
        ("role", .problem, "lacks UPDATE on posthorn_count and 1 more rights", { $0.missingRights = ["UPDATE on posthorn_count", "x"] }),
        ("role", .warn, "everything on the server", { $0.isSuperuser = true }),
        ("role", .warn, "does not own", { $0.ownsTables = false }),
        ("role", .warn, "GRANT other TO posthorn", { $0.unendableRoles = ["other"] }),
        ("tls", .warn, "sslmode=verify-full", { $0.tls = nil }), ("tls", .warn, "in this one's name", { $0.tlsMode = "require" }),
        (
            "slot", .warn, "pg_drop_replication_slot('old')",
            { $0.slots = [.init(name: "old", isActive: false, keptBytes: 5, keptTransactions: 7)] }
        ),
        (
            "old rows", .warn, "process 7 of report keeps every row that was deleted in the last 5m 0s",
            { $0.holders = [.init(who: "process 7 of report", remedy: "SELECT pg_terminate_backend(7)", milliseconds: 300_000)] }
        ),
        (
            "lock", .problem, "process 8 waits for a lock on posthorn_pending that process 9 (psql)",
            { $0.lockWaits = [.init(table: "posthorn_pending", waiting: 8, holding: 9, application: "psql")] }
        ),
        ("sessions", .warn, "takes up to 7", { $0.sessions = [.init(what: "of the role x", taken: 10, limit: 15)] }),
        ("sessions", .problem, "15 of 15 sessions", { $0.sessions = [.init(what: "of the role x", taken: 15, limit: 15)] }),
        ("vacuum", .problem, "autovacuum is off", { $0.settings["autovacuum"] = "off" }),
        ("vacuum", .problem, "is not vacuumed", { $0.tables[0].isVacuumed = false }),
        ("vacuum", .warn, "1,000,001 dead rows", { $0.tables[0].dead = 1_000_001 }),
        ("read only", .problem, "may only read", { $0.settings["default_transaction_read_only"] = "on" }),
        ("timeout", .warn, "after 20 ms", { $0.settings["statement_timeout"] = "20" }),
    ]

    @Test(arguments: 0..<faults.count)
    func aFaultIsOneLineWithARemedy(_ number: Int) {
        let fault = Self.faults[number]
        var facts = Self.good
        fault.make(&facts)
        let bad = ServerChecks.findings(facts).filter { $0.severity != .ok }
        #expect(bad.count == 1 && bad.first?.check == fault.check && bad.first?.severity == fault.severity, "\(bad)")
        #expect(bad.first?.message.contains(fault.words) == true && bad.first?.message.contains(";") != nil, "\(bad)")
    }

    @Test func whatIsNotToBeSeenIsSaid() {
        var facts = Self.good
        facts.hidesSessions = true
        #expect(ServerChecks.horizon(facts).first?.message.contains("GRANT pg_read_all_stats TO posthorn") == true)
        facts.isLocal = true
        facts.tls = nil
        #expect(ServerChecks.tls(facts).severity == .ok)
    }
}
#endif
