#if PostgreSQL
import PosthornStore

/// Has the writer's thread look at the outbox when a notice of a commit has come in, and every now and then.
final class PostgresSignal: ChangeSignal {
    private let store: PostgresStore
    private var notices: PostgresNotices { store.notices }

    init(_ store: PostgresStore) { self.store = store }

    var descriptor: Int32 { notices.descriptor }
    func drain() { notices.take() }
    func delayMilliseconds() -> Int64 { notices.delay() }
}
#endif
