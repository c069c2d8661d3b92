/// What the engine needs of a store. SQLite is the first; whatever passes the contract's test suite can be another.
///
/// Every method is called by one thread at a time, the writer's. Methods that change something are called inside
/// ``StoreTransactions/write(_:)`` and take effect with its commit. A store that several engines share (PostgreSQL) hands deliveries out
/// under a lease of ``DeliveryQueue/own()``; with this protocol only the owner may claim.
public protocol OutboxStore: StoreTransactions, EventLog, DeliveryQueue, DeliveryRows, TopologyStore, EndpointRows, CredentialVault,
    NotificationQueue, NotificationRows, RetentionSource, StoreMaintenance
{}
