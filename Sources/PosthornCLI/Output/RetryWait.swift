import PosthornModel
import PosthornText
import PosthornOutbox

/// Deliveries that were made due by hand and wait all the same, because of their endpoint.
struct RetryWait: Equatable {
    let endpoint: String
    let deliveries: Int
    /// Why they are held.
    let reason: String
    /// What lets them go.
    let remedy: String

    /// - Parameters:
    ///   - endpoints: Whose deliveries were made due.
    ///   - faults: Endpoints that cannot be used, with the reason.
    static func all(_ endpoints: [String: RetryReport.Endpoint], _ faults: [String: String]) -> [RetryWait] {
        endpoints.sorted { $0.key < $1.key }.compactMap { id, endpoint in
            guard let (reason, remedy) = cause(endpoint.state, faults[id], ShellWord.argument(id)) else { return nil }
            return RetryWait(endpoint: id, deliveries: endpoint.deliveries, reason: reason, remedy: remedy)
        }
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
        let name = Visible.text(endpoint)
        let held = Words.count(deliveries, "delivery of endpoint \(name) is", "deliveries of endpoint \(name) are")
        return "\(held) held, not sent, because \(Visible.text(reason)); \(remedy)\n"
    }
}
