/// What a replay would be done to, counted without changing anything.
package struct ReplayForecast: Sendable, Hashable {
    /// The events of those deliveries.
    package var events = 0
    /// Deliveries that would be made due, or cancelled, by endpoint.
    package var deliveries: [String: Int] = [:]
    /// Those of them that would be held, since the endpoint is not active, by endpoint.
    package var held: [String: Int] = [:]
    /// Deliveries that could not be sent again, since the endpoint is removed or the data was dropped, by endpoint.
    package var refused: [String: Int] = [:]
    /// Those of them whose event's data was dropped, by endpoint.
    package var dataDropped: [String: Int] = [:]
    /// Whether all was counted: a count that a request waits for ends after a number of rows.
    package var isWhole = true

    /// Those deliveries, of all endpoints.
    package var total: Int { deliveries.values.reduce(0, +) }
    /// Those whose event's data was dropped, of all endpoints.
    package var totalDropped: Int { dataDropped.values.reduce(0, +) }
}
