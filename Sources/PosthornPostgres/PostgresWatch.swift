#if PostgreSQL
package import PosthornStore
package import PosthornSystem

/// Looks once a second whether there is a place among the engines.
package struct PostgresWatch: StoreWatch {
    /// None: a server that is gone says so at the next statement.
    package func problem() -> OutboxProblem? { nil }

    /// Waits for a second, or until it is woken.
    package func wait(_ waker: Waker) { waker.wait(milliseconds: 1000) }
}
#endif
