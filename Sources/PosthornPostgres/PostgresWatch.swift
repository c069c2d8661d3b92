#if PostgreSQL
package import PosthornStore
package import PosthornSystem

/// Looks once a second whether there is a place among the engines, and whether this program still knows the schema.
package struct PostgresWatch: StoreWatch {
    let schema: SchemaVerdict

    /// A schema that is newer than this program, found when it connected or joined again. A server that is gone says so at the next
    /// statement, and may come back.
    package func problem() -> OutboxProblem? { schema.problem }

    /// Waits for a second, or until it is woken.
    package func wait(_ waker: Waker) { waker.wait(milliseconds: 1000) }
}
#endif
