/// What is read of an outbox beside its writer: lists, look-ups, counts and checks. Each call sees one state of the outbox; none waits
/// for a writer or keeps one waiting.
///
/// A reader is used by one thread at a time. ``OutboxReaders`` lends them out. Each role is small enough to be replaced in a test.
public protocol OutboxReader: TopologySource, DeliveryLists, EventLists, StatusReader, StoreChecks, MailReader, RetentionSource,
    PayloadSource, HeartbeatReader, AccessKeyReader, PortalSessionReader, ChangeLogReader, BoundedReader, ReplayReader, StatisticsReader,
    LaneReader
{}
