/// What a replay would send, counted without changing anything.
package struct ReplayForecast: Sendable, Hashable {
    /// Events that would be sent.
    package var events = 0
    /// Deliveries that would be made due, by endpoint.
    package var deliveries: [String: Int] = [:]
    /// Those of them that would be held, since the endpoint is not active, by endpoint.
    package var held: [String: Int] = [:]
    /// Deliveries that could not be sent again, since the endpoint is removed, by endpoint.
    package var refused: [String: Int] = [:]
    /// Whether all was counted: a count that a request waits for ends after a number of rows.
    package var isWhole = true

    /// Deliveries that would be made due, of all endpoints.
    package var total: Int { deliveries.values.reduce(0, +) }
}
