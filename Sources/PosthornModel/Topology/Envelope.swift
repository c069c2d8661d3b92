/// How an event becomes a body.
public enum Envelope: String, CaseIterable, Sendable {
    /// As WeSeeDo sends it.
    case weseedo
    /// As diio sends it.
    case diio
    /// As iotum's conferences send it.
    case conference
    /// As Webio sends it.
    case webio
    /// As Voiso sends it, as a body or in a query.
    case voiso
    /// As Standard Webhooks has it: type, timestamp and data.
    case standard
    /// The event's data as it is, and nothing around it.
    case raw
}
