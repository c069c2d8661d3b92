/// Deliveries that go out one after the other. Part of ``OutboxStore``, under the same rules.
///
/// A delivery comes into its lane with its row, as ``Recipient/lane`` says, and is in it until it is over: delivered, cancelled, skipped,
/// or exhausted where that stops no lane. What is made due again by hand comes back into the lane that it was in. The head of
/// a lane is the one of the lowest number.
public protocol DeliveryLanes: AnyObject {
    /// Where a delivery is.
    /// - Parameter stops: Whether an exhausted delivery stops its lane.
    /// - Returns: `nil` when it is in no lane.
    func lanePlace(of delivery: Int64, stops: Bool) throws(OutboxProblem) -> LanePlace?
    /// Takes a delivery that is over out of its lane.
    /// - Parameter stops: Whether an exhausted delivery stops its lane.
    /// - Returns: The head of the lane from now on; `nil` when nothing is left in it, or it was in none.
    func leaveLane(_ delivery: Int64, stops: Bool) throws(OutboxProblem) -> Int64?
    /// A delivery that is pending, due or not, with a first attempt or a further one; `nil` when it is not.
    func pendingRow(_ delivery: Int64) throws(OutboxProblem) -> RetryRow?
    /// Takes an exhausted delivery out of its lane, which stays exhausted.
    /// - Returns: Whether it was in one.
    func skipInLane(_ delivery: Int64) throws(OutboxProblem) -> Bool
}
