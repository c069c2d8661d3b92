#if PostgreSQL
import PosthornPostgres
import PosthornStore

/// The database server that has the outbox, and the role that works on it.
enum ServerChecks {
    /// Reads the facts, and says what they mean.
    static func all(_ address: String) -> Result<[Finding], OutboxProblem> {
        do throws(OutboxProblem) {
            try DatabaseServer.refuseShownPassword(address, words: CommandLine.arguments)
            return .success(findings(try ServerFacts.read(address)))
        } catch { return .failure(error) }
    }

    /// Pure: one line for each thing.
    static func findings(_ facts: ServerFacts) -> [Finding] {
        let one = [
            release(facts), Finding(.ok, "encoding", TerminalText.text(facts.encoding)), durability(facts), replication(facts), role(facts),
            tls(facts),
        ]
        let many = [clock, otherRoles, slots, horizon, lockWaits, sessions, vacuum, sessionSettings]
        return one + many.flatMap { $0(facts) }
    }

    /// The oldest major version that the tables need.
    private static let oldestRelease: Int64 = 13

    static func release(_ facts: ServerFacts) -> Finding {
        let major = facts.versionNumber / 10_000
        let text = TerminalText.text(facts.version)
        if major >= oldestRelease { return Finding(.ok, "version", "PostgreSQL \(text)") }
        return Finding(.problem, "version", "PostgreSQL \(text) is too old; install \(oldestRelease) or later")
    }

    private static let clockWarningMilliseconds: Int64 = 1000

    /// No lease depends on it, but the times of retries do, which the engine writes that has the endpoint.
    static func clock(_ facts: ServerFacts) -> [Finding] {
        let ahead = facts.clockAheadMilliseconds
        if abs(ahead) <= clockWarningMilliseconds { return [] }
        return [
            Finding(
                .warn,
                "clock",
                "this machine's clock is \(HumanText.length(milliseconds: abs(ahead))) \(ahead > 0 ? "ahead of" : "behind") the server's: a retry that "
                    + "another machine's engine takes over may be so much too late or too early; have NTP set both (chrony, systemd-timesyncd)"
            )
        ]
    }

    /// What a commit survives.
    static func durability(_ facts: ServerFacts) -> Finding {
        let named = ["fsync", "full_page_writes", "synchronous_commit"].map { "\($0) \(TerminalText.text(facts.settings[$0] ?? "?"))" }
        let text = named.joined(separator: ", ")
        if facts.settings["fsync"] == "off" || facts.settings["full_page_writes"] == "off" {
            return Finding(
                .problem,
                "durability",
                "\(text): after a power failure events may be lost and the whole database damaged; set both to on in postgresql.conf"
            )
        }
        if facts.settings["synchronous_commit"] == "off" {
            return Finding(
                .warn,
                "durability",
                "\(text): a crash of the server loses the last commits, events among them; ALTER ROLE … RESET synchronous_commit, or "
                    + "set it to on"
            )
        }
        return Finding(.ok, "durability", text)
    }

    static func replication(_ facts: ServerFacts) -> Finding {
        if facts.isStandby {
            return Finding(
                .problem,
                "replication",
                "this server is a standby, to which nothing can be written; name the primary, or all hosts with "
                    + "target_session_attrs=read-write"
            )
        }
        let wanted = facts.settings["synchronous_standby_names"] ?? ""
        let synchronous = facts.standbys.filter { $0.role == "sync" || $0.role == "quorum" }
        if !wanted.isEmpty, synchronous.isEmpty {
            return Finding(
                .problem,
                "replication",
                "every commit waits for a standby of synchronous_standby_names (\(TerminalText.text(wanted))), and none is connected; start one, or "
                    + "empty that setting"
            )
        }
        let list = facts.standbys.map { standby in
            let lag = standby.lagBytes.map { ", \(HumanText.bytes(UInt64(clamping: $0))) behind" } ?? ""
            return "\(TerminalText.text(standby.name)) (\(TerminalText.text(standby.role))\(lag))"
        }.joined(separator: ", ")
        if list.isEmpty { return Finding(.ok, "replication", "no standby is connected; a backup is all that survives this server's disk") }
        let behind = facts.standbys.filter { ($0.lagBytes ?? 0) > lagWarningBytes }
        if behind.isEmpty { return Finding(.ok, "replication", list) }
        return Finding(
            .warn,
            "replication",
            "\(list): what is behind is lost with this server; look at that standby's log, disk and network"
        )
    }

    private static let lagWarningBytes: Int64 = 256 << 20

    static func role(_ facts: ServerFacts) -> Finding {
        let name = TerminalText.text(facts.role)
        if let first = facts.missingRights.first {
            let more = facts.missingRights.count > 1 ? " and \(facts.missingRights.count - 1) more rights" : ""
            return Finding(
                .problem,
                "role",
                "\(name) lacks \(TerminalText.text(first))\(more); GRANT them, or connect as the role that owns Posthorn's tables"
            )
        }
        if facts.isSuperuser {
            return Finding(
                .warn,
                "role",
                "\(name) may do everything on the server; make a role that owns the database or the schema, and connect as that one"
            )
        }
        if !facts.ownsTables {
            return Finding(
                .warn,
                "role",
                "\(name) does not own Posthorn's tables, so an update of Posthorn cannot change them; connect as their owner then"
            )
        }
        return Finding(.ok, "role", "\(name) has every right it needs")
    }

    /// Engines of other roles, one of which may be cut off in the middle of a message.
    static func otherRoles(_ facts: ServerFacts) -> [Finding] {
        facts.unendableRoles.map { other in
            let (own, other) = (TerminalText.text(facts.role), TerminalText.text(other))
            return Finding(
                .warn,
                "role",
                "\(own) may not end sessions of \(other), which has some of Posthorn's: if that machine is cut off in the middle of a message, its "
                    + "endpoints wait until TCP gives up; run both as one role, or GRANT \(other) TO \(own) (a superuser's cannot be ended at all)"
            )
        }
    }

    static func tls(_ facts: ServerFacts) -> Finding {
        if facts.isLocal { return Finding(.ok, "tls", "none, over a Unix socket of this machine") }
        guard let version = facts.tls else {
            return Finding(
                .warn,
                "tls",
                "none: who is between can read events and the password's exchange, and change them; add sslmode=verify-full to --db, with "
                    + "sslrootcert"
            )
        }
        let text = "\(TerminalText.text(version)), sslmode \(TerminalText.text(facts.tlsMode))"
        if facts.tlsMode == "verify-full" { return Finding(.ok, "tls", text) }
        return Finding(
            .warn,
            "tls",
            "\(text): another server could answer in this one's name; use sslmode=verify-full, with sslrootcert"
        )
    }

    /// What keeps the log, or rows that are gone, for somebody who is away.
    static func slots(_ facts: ServerFacts) -> [Finding] {
        facts.slots.filter { !$0.isActive }.map { slot in
            let rows = slot.keptTransactions.map { ", and rows that were deleted in the last \(HumanText.count($0, "transaction"))" } ?? ""
            return Finding(
                .warn,
                "slot",
                "the replication slot \(TerminalText.text(slot.name)) has no reader, and for it \(HumanText.bytes(UInt64(clamping: slot.keptBytes))) of log "
                    + "are kept\(rows), until the disk is full; start its reader, or SELECT pg_drop_replication_slot('\(TerminalText.text(slot.name))')"
            )
        }
    }

    /// A transaction this old is worth a look: tables that are written all the time grow meanwhile.
    private static let holderWarningMilliseconds: Int64 = 300_000

    /// Who holds back the oldest row that vacuuming must keep.
    static func horizon(_ facts: ServerFacts) -> [Finding] {
        let old = facts.holders.filter { $0.milliseconds >= holderWarningMilliseconds }
        if !old.isEmpty {
            return old.map { holder in
                Finding(
                    .warn,
                    "old rows",
                    "\(TerminalText.text(holder.who)) keeps every row that was deleted in the last \(HumanText.length(milliseconds: holder.milliseconds)), "
                        + "so tables grow; end its transaction there, or \(TerminalText.text(holder.remedy))"
                )
            }
        }
        if facts.hidesSessions {
            return [
                Finding(
                    .ok,
                    "old rows",
                    "sessions of other roles are hidden from this one; GRANT pg_read_all_stats TO \(TerminalText.text(facts.role)) shows who "
                        + "keeps deleted rows"
                )
            ]
        }
        return [Finding(.ok, "old rows", "no transaction is older than 5 minutes, so none keeps deleted rows for long")]
    }

    static func lockWaits(_ facts: ServerFacts) -> [Finding] {
        facts.lockWaits.map { wait in
            let name = wait.application.isEmpty ? "" : " (\(TerminalText.text(wait.application)))"
            return Finding(
                .problem,
                "lock",
                "process \(wait.waiting) waits for a lock on \(TerminalText.text(wait.table)) that process \(wait.holding)\(name) has or wants; "
                    + "end its transaction, or SELECT pg_terminate_backend(\(wait.holding))"
            )
        }
    }

    static func sessions(_ facts: ServerFacts) -> [Finding] {
        facts.sessions.map { room in
            let left = max(0, room.limit - room.taken)
            let text = "\(room.taken) of \(HumanText.count(room.limit, "session")) \(TerminalText.text(room.what)) taken"
            if left >= 2 * ServerFacts.sessionsOfAnEngine { return Finding(.ok, "sessions", text) }
            return Finding(
                left == 0 ? .problem : .warn,
                "sessions",
                "\(text), and one posthorn run takes up to \(ServerFacts.sessionsOfAnEngine); raise the limit, or end sessions that are not needed"
            )
        }
    }

    /// Dead rows beyond which vacuuming does not keep up.
    private static let deadWarning: Int64 = 1_000_000

    static func vacuum(_ facts: ServerFacts) -> [Finding] {
        if facts.tables.isEmpty { return [] }
        if facts.settings["autovacuum"] == "off" {
            return [Finding(.problem, "vacuum", "autovacuum is off, so tables grow without end; set autovacuum to on in postgresql.conf")]
        }
        let findings = facts.tables.compactMap { table -> Finding? in
            let name = TerminalText.text(table.name)
            if !table.isVacuumed {
                return Finding(.problem, "vacuum", "\(name) is not vacuumed; ALTER TABLE \(name) RESET (autovacuum_enabled)")
            }
            guard table.dead > max(deadWarning, 2 * table.live) else { return nil }
            return Finding(
                .warn,
                "vacuum",
                "\(name) has \(HumanText.count(table.dead, "dead row")); VACUUM \(name), and look for a transaction that keeps them"
            )
        }
        return findings.isEmpty ? [Finding(.ok, "vacuum", "autovacuum is on, and keeps up")] : findings
    }

    /// Settings of the role or the database that get in an engine's way.
    static func sessionSettings(_ facts: ServerFacts) -> [Finding] {
        var findings: [Finding] = []
        if facts.settings["default_transaction_read_only"] == "on" {
            findings.append(
                Finding(
                    .problem,
                    "read only",
                    "transactions of this role may only read; ALTER ROLE … or ALTER DATABASE … RESET default_transaction_read_only"
                )
            )
        }
        if let limit = facts.settings["statement_timeout"].flatMap({ Int64($0) }), (1..<10_000).contains(limit) {
            findings.append(
                Finding(
                    .warn,
                    "timeout",
                    "statements of this role end after \(HumanText.length(milliseconds: limit)), and a large reading may take longer; ALTER ROLE … SET "
                        + "statement_timeout = '60s', or 0"
                )
            )
        }
        return findings
    }
}
#endif
