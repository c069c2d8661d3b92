#if PostgreSQL
import PosthornStore

/// What a server's error means for an outbox, by its SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html): pure.
enum PostgresFailure {
    /// Single states, where they mean another thing than their class.
    private static let states: [String: OutboxProblem.Code] = [
        // serialization_failure, deadlock_detected, lock_not_available, query_canceled, idle_in_transaction_session_timeout
        "40001": .busy, "40P01": .busy, "55P03": .busy, "57014": .busy, "25P03": .busy,
        // too_many_connections, read_only_sql_transaction: a standby, or a primary that is becoming one.
        "53300": .busy, "25006": .busy,
        // A statement that a pooler has forgotten, or whose tables were changed: it is prepared again.
        "26000": .busy, "0A000": .busy,
        // disk_full
        "53100": .full,
        // admin_shutdown, crash_shutdown, cannot_connect_now
        "57P01": .unreachable, "57P02": .unreachable, "57P03": .unreachable,
        // insufficient_privilege, invalid_catalog_name, invalid_schema_name
        "42501": .access, "3D000": .access, "3F000": .access,
        // undefined_table, undefined_column, undefined_function
        "42P01": .schema, "42703": .schema, "42883": .schema,
        // data_corrupted, index_corrupted
        "XX001": .damaged, "XX002": .damaged,
        // untranslatable_character, character_not_in_repertoire
        "22P05": .constraint, "22021": .constraint,
    ]

    /// Classes of states, by their first two characters: connections, authentication, rules of the tables, the system's own calls.
    private static let classes: [String: OutboxProblem.Code] = ["08": .unreachable, "28": .access, "23": .constraint, "58": .io]

    /// - Parameter state: `nil` when the error is not the server's: there was no answer.
    static func code(_ state: String?) -> OutboxProblem.Code {
        guard let state else { return .unreachable }
        return states[state] ?? classes[String(state.prefix(2))] ?? .other
    }

    /// The problem that an error is, whose message ends with its state.
    static func problem(_ state: String?, _ message: String) -> OutboxProblem {
        OutboxProblem(code(state), message + (state.map { " (\($0))" } ?? ""), serverState: state)
    }
}
#endif
