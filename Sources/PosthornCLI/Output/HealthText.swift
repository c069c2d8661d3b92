import PosthornModel
import PosthornText

/// How an endpoint does, for people and for programs.
enum HealthText {
    /// `12 attempts have failed in a row since …, the last with timeout; the next probe is at …`
    static func sentence(_ health: EndpointHealth) -> String {
        if health.state == .disabled {
            let actor = health.actor == .engine ? "by the engine" : "by hand"
            let reason = health.reason.isEmpty ? "" : " (\(TerminalText.text(health.reason)))"
            return "\(actor)\(reason) since \(health.since); its deliveries are held until posthorn endpoint enable"
        }
        let attempts = HumanText.count(health.failures, "attempt has", "attempts have")
        let next = health.until.map { "; what waits for it uses no attempts, and the next probe is at \($0)" } ?? ""
        let end = health.disablesAt.map { "; disabled from \($0) on unless one succeeds" } ?? ""
        return
            "\(attempts) failed in a row, the last with \(TerminalText.text(health.reason)); \(health.state.rawValue) since \(health.since)\(next)\(end)"
    }
}
