import Posthorn
import PosthornModel
import PosthornText
import PosthornStore

/// Deliveries that were made due by hand and wait all the same, because of their endpoint.
struct RetryWait: Equatable {
    let endpoint: String
    let deliveries: Int
    /// Why they are held.
    let reason: String
    /// What lets them go.
    let remedy: String
    /// Whether they are held; if not, they stay pending until their endpoint takes some again.
    var isHeld = true

    /// - Parameters:
    ///   - endpoints: Whose deliveries were made due.
    ///   - faults: Endpoints that cannot be used, with the reason.
    ///   - throttles: Endpoints whose receivers have asked to be left alone, and until when.
    static func all(
        _ endpoints: [String: RetryReport.Endpoint],
        _ faults: [String: String],
        _ throttles: [String: Timestamp]
    ) -> [RetryWait] {
        endpoints.sorted { $0.key < $1.key }.compactMap { id, endpoint in
            if let (reason, remedy) = cause(endpoint.state, faults[id], ShellWord.argument(id)) {
                return RetryWait(endpoint: id, deliveries: endpoint.deliveries, reason: reason, remedy: remedy)
            }
            return throttles[id].map { until in
                RetryWait(
                    endpoint: id,
                    deliveries: endpoint.deliveries,
                    reason: "its receiver has asked to be left alone until \(until)",
                    remedy: "from then on they go out bit by bit",
                    isHeld: false
                )
            }
        }
    }

    /// Those of a report that wait all the same.
    static func all(_ report: RetryReport, in outbox: Outbox) throws -> [RetryWait] {
        if report.retried == 0 { return [] }
        return all(report.endpoints, try outbox.endpointFaults().all, try outbox.throttledEndpoints())
    }

    private static func cause(_ state: EndpointState, _ fault: String?, _ word: String) -> (String, String)? {
        switch state {
        case .disabled: return ("it is disabled", "posthorn endpoint enable \(word) switches it on")
        case .removed: return ("it was removed", "a topology that has it brings it back")
        case .unverified:
            return ("its URL has not proved itself", "posthorn run asks it to, and posthorn endpoint verify \(word) does at once")
        case .active: return fault.map { ("it cannot be used: \($0)", "posthorn doctor says what to do") }
        }
    }

    /// A line for people.
    var sentence: String {
        let name = TerminalText.text(endpoint)
        let (one, more) = isHeld ? ("is", "are") : ("waits", "wait")
        let many = HumanText.count(deliveries, "delivery of endpoint \(name) \(one)", "deliveries of endpoint \(name) \(more)")
        return "\(many)\(isHeld ? " held, not sent," : ", not sent,") because \(TerminalText.text(reason)); \(remedy)\n"
    }
}
