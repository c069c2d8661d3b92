/// Single deliveries, read and written as people decide about them by hand. Part of ``OutboxStore``, under the same rules.
///
/// What is decided, and what people call, is in the extension of this protocol; a store only reads and writes.
public protocol ManualActions: AnyObject {
    /// Counts the changes that were made by hand to deliveries and to mails about them, by which an engine notices them.
    func queueGeneration() throws(OutboxProblem) -> Int64
    /// Counts that up.
    func countQueueUp() throws(OutboxProblem)
    /// Reads a delivery; `nil` when there is none of that number.
    func deliveryRow(_ id: Int64) throws(OutboxProblem) -> DeliveryRow?
    /// Writes down what was decided about a delivery that was read in the same transaction.
    func write(_ change: DeliveryChange, of delivery: Int64, from row: DeliveryRow) throws(OutboxProblem)
}
