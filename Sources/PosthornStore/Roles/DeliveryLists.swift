public import PosthornModel

/// Lists and counts of deliveries, read beside the writer. Part of ``OutboxReader``, under the same rules.
public protocol DeliveryLists: AnyObject {
    /// A page of the deliveries that a filter asks for.
    /// - Parameter last: The delivery that the page before ended with.
    /// - Returns: The page, and whether there may be another.
    func deliveries(_ filter: DeliveryFilter, beyond last: Int64?) throws(OutboxProblem) -> (page: [Delivery], goesOn: Bool)
    /// The numbers of the deliveries that a filter asks for and that are in one of some states, lowest first.
    /// - Parameters:
    ///   - last: Only numbers greater than this.
    ///   - limit: How many at most.
    func deliveryNumbers(
        _ filter: DeliveryFilter,
        states: Set<DeliveryState>,
        beyond last: Int64,
        limit: Int
    ) throws(OutboxProblem) -> [Int64]
    /// The deliveries that wait, pending or held, for some endpoints, lowest number first.
    /// - Parameters:
    ///   - last: Only numbers greater than this.
    ///   - limit: How many at most.
    func waiting(ofEndpoints keys: [Int64], beyond last: Int64, limit: Int) throws(OutboxProblem) -> WaitingPage
    /// How many deliveries a filter asks for that are in one of some states, by endpoint and state.
    func deliveryCounts(
        _ filter: DeliveryFilter,
        states: Set<DeliveryState>
    ) throws(OutboxProblem) -> [String: [DeliveryState: Int]]
    /// How many deliveries wait, pending or held, for another URL than their endpoint has now, by the endpoints' ids.
    func waitingAtFormerURL(of endpoints: [String]) throws(OutboxProblem) -> [String: Int]
    /// How many deliveries of an endpoint are held, of the first `limit` at most that a store looks at.
    func heldCount(ofEndpoint key: Int64, limit: Int) throws(OutboxProblem) -> Int
    /// The attempts of a delivery, first to last; `nil` when there is no such delivery.
    func attempts(of delivery: Int64) throws(OutboxProblem) -> [Attempt]?
}
