#if PostgreSQL
/// What a server and a role on it are like, as far as an outbox there depends on it: values alone, read by ``ServerFacts/read(_:)``.
package struct ServerFacts: Sendable, Equatable {
    /// How many sessions one engine has at most: one that writes, one that counts its number up, one that vacuums at times, and those that read.
    package static let sessionsOfAnEngine: Int64 = 3 + Int64(PostgresReaders.limit)

    /// What the server calls its version, such as `15.4 (Debian 15.4-1)`.
    package var version = ""
    /// The same as a number, such as 150004.
    package var versionNumber: Int64 = 0
    /// In which the database keeps its texts.
    package var encoding = ""
    /// How far this machine's clock is ahead of the server's, beyond what asking took; below 0 behind it.
    package var clockAheadMilliseconds: Int64 = 0
    /// Settings by their names, as this role's sessions in this database have them.
    package var settings: [String: String] = [:]
    /// Whether it only repeats what another server does.
    package var isStandby = false
    /// The standbys that are connected.
    package var standbys: [Standby] = []
    /// What servers or programs that are away, or behind, keep from being removed.
    package var slots: [Slot] = []
    /// What keeps rows that are gone from being removed, the oldest first.
    package var holders: [Holder] = []
    /// Whether sessions of other roles are hidden from this one.
    package var hidesSessions = false
    /// Sessions that wait for a lock on one of Posthorn's tables, with those they wait for.
    package var lockWaits: [LockWait] = []
    /// How many sessions there are, and how many there may be: of the whole server, of this role and of this database.
    package var sessions: [Headroom] = []
    /// This session's role.
    package var role = ""
    /// Whether it may do everything on the server.
    package var isSuperuser = false
    /// Rights that it lacks, such as `UPDATE on posthorn_count`.
    package var missingRights: [String] = []
    /// Whether it owns the tables, as a migration needs it.
    package var ownsTables = true
    /// Roles whose sessions may be an engine's, and could not be ended by an engine of this role if they got stuck.
    package var unendableRoles: [String] = []
    /// Whether it reaches the server by a Unix socket.
    package var isLocal = false
    /// The version of TLS; `nil` in the clear.
    package var tls: String?
    /// libpq's `sslmode`.
    package var tlsMode = ""
    /// Whether the address as it was given has a password in it.
    package var addressHasPassword = false
    /// The tables that change most.
    package var tables: [Table] = []

    package init() {}

    /// A standby that is connected.
    package struct Standby: Sendable, Equatable {
        package var name: String
        /// Such as `streaming`.
        package var state: String
        /// `sync`, `quorum`, `potential` or `async`.
        package var role: String
        /// What it has not replayed yet; `nil` where this role may not see it.
        package var lagBytes: Int64?

        package init(name: String, state: String, role: String, lagBytes: Int64?) {
            (self.name, self.state, self.role, self.lagBytes) = (name, state, role, lagBytes)
        }
    }

    /// A replication slot.
    package struct Slot: Sendable, Equatable {
        package var name: String
        package var isActive: Bool
        /// The log that is kept for it.
        package var keptBytes: Int64
        /// How many transactions ago the oldest row was written that is kept for it; `nil` where it keeps none.
        package var keptTransactions: Int64?

        package init(name: String, isActive: Bool, keptBytes: Int64, keptTransactions: Int64?) {
            (self.name, self.isActive, self.keptBytes, self.keptTransactions) = (name, isActive, keptBytes, keptTransactions)
        }
    }

    /// A transaction that keeps old rows.
    package struct Holder: Sendable, Equatable {
        /// What it is, such as `process 4711 of report (pg_dump), idle in transaction`.
        package var who: String
        /// How it is ended, in SQL.
        package var remedy: String
        package var milliseconds: Int64

        package init(who: String, remedy: String, milliseconds: Int64) {
            (self.who, self.remedy, self.milliseconds) = (who, remedy, milliseconds)
        }
    }

    /// A session that waits for another's lock.
    package struct LockWait: Sendable, Equatable {
        package var table: String
        package var waiting: Int64
        package var holding: Int64
        /// The application's name that the one which holds it gives.
        package var application: String

        package init(table: String, waiting: Int64, holding: Int64, application: String) {
            (self.table, self.waiting, self.holding, self.application) = (table, waiting, holding, application)
        }
    }

    /// How many sessions there are of how many.
    package struct Headroom: Sendable, Equatable {
        /// Such as `of the role posthorn`.
        package var what: String
        package var taken: Int64
        package var limit: Int64

        package init(what: String, taken: Int64, limit: Int64) { (self.what, self.taken, self.limit) = (what, taken, limit) }
    }

    /// A table with what vacuuming is to remove.
    package struct Table: Sendable, Equatable {
        package var name: String
        package var live: Int64
        package var dead: Int64
        /// Whether it is vacuumed by itself.
        package var isVacuumed: Bool

        package init(name: String, live: Int64, dead: Int64, isVacuumed: Bool) {
            (self.name, self.live, self.dead, self.isVacuumed) = (name, live, dead, isVacuumed)
        }
    }
}
#endif
