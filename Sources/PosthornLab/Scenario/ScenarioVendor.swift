/// A vendor whose events can be made up.
public enum ScenarioVendor: String, CaseIterable, Sendable {
    case weseedo, diio, conference, webio, voiso
    /// Standard Webhooks, a format without events of its own: those of a shop.
    case standard
}
