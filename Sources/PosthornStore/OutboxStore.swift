/// What the engine needs of a store. SQLite is the first; whatever passes the contract's test suite can be another.
///
/// Every method is called by one thread at a time, the writer's. Methods that change something are called inside
/// ``StoreTransactions/write(_:)`` and take effect with its commit. Each role is small enough to be replaced in a test. A store that
/// several engines share says by ``ShardLeases`` which endpoints each of them delivers to.
public protocol OutboxStore: StoreTransactions, EventLog, ShardLeases, DeliveryQueue, DeliveryLanes, HeldDeliveries, ManualActions,
    EngineJournal, OwnEventJournal,
    TopologyLookup, TopologyStore, CredentialVault, NotificationQueue, NotificationRows, RetentionSource, StoreMaintenance,
    PayloadStore, StoreSpace, AccessKeyStore, PortalSessionStore, ChangeLogStore, ReplayStore, StatisticsStore, IdempotencyStore
{}
