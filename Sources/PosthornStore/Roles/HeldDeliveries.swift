public import PosthornText

/// Deliveries that wait until their endpoint takes some again. Part of ``OutboxStore``, under the same rules.
public protocol HeldDeliveries: AnyObject {
    /// Moves pending deliveries to held.
    func hold(_ deliveries: [Int64]) throws(OutboxProblem)
    /// Moves pending deliveries of endpoints that are disabled or unverified to held, at most `limit`; reads all pending ones.
    /// - Returns: How many were moved.
    func holdInactive(limit: Int) throws(OutboxProblem) -> Int
    /// Moves pending deliveries of some endpoints that have attempts behind them to held, due or not, at most `limit`.
    /// - Returns: How many were moved.
    func holdRetries(ofEndpoints keys: [Int64], limit: Int) throws(OutboxProblem) -> Int
    /// Moves held deliveries of active endpoints back to pending, at most `limit`.
    /// - Parameter endpoints: The numbers of endpoints whose deliveries stay held all the same.
    /// - Returns: How many were moved.
    func releaseActive(limit: Int, except endpoints: [Int64], at now: Timestamp) throws(OutboxProblem) -> Int
    /// How many deliveries of an endpoint with greater numbers than one are pending or held.
    func waitingDeliveries(ofEndpoint key: Int64, beyond last: Int64) throws(OutboxProblem) -> Int
}
