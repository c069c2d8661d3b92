/// What a replay would send, counted without changing anything.
public struct ReplayForecast: Sendable, Hashable {
    /// Events that would be sent.
    public package(set) var events = 0
    /// Deliveries that would be made due, by endpoint.
    public package(set) var deliveries: [String: Int] = [:]
    /// Those of them that would be held, since the endpoint is not active, by endpoint.
    public package(set) var held: [String: Int] = [:]
    /// Deliveries that could not be sent again, since the endpoint is removed, by endpoint.
    public package(set) var refused: [String: Int] = [:]
    /// Whether all was counted: a count that a request waits for ends after a number of rows.
    public package(set) var isWhole = true

    /// Deliveries that would be made due, of all endpoints.
    public var total: Int { deliveries.values.reduce(0, +) }
}
