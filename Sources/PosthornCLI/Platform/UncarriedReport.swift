import PosthornText
import Posthorn
import PosthornModel

/// What `emit` says of deliveries that fail at once because an endpoint's format cannot carry their event: a line an endpoint
/// and reason, however many events there are.
struct UncarriedReport {
    private struct Count {
        var events = 0
        let firstLine: Int
    }

    private var counts: [UncarriedDelivery: Count] = [:]
    private var order: [UncarriedDelivery] = []
    private var others = 0

    /// Endpoints and reasons that are named; the rest is counted.
    static let limit = 20

    /// Counts a delivery of the event of a line.
    mutating func add(_ delivery: UncarriedDelivery, line: Int) {
        if counts[delivery] == nil {
            if order.count == Self.limit {
                others += 1
                return
            }
            order.append(delivery)
        }
        counts[delivery, default: Count(firstLine: line)].events += 1
    }

    /// For standard error, in the order in which they came up.
    var sentences: [String] {
        let named = order.compactMap { delivery in
            counts[delivery].map { count in
                let which = count.events == 1 ? "the event" : "\(HumanText.grouped(count.events)) events, the first"
                return "endpoint \(TerminalText.text(delivery.endpoint)) cannot carry \(which) of line \(count.firstLine): "
                    + "\(TerminalText.text(delivery.reason)); for it alone \(count.events == 1 ? "the delivery fails" : "these deliveries fail") "
                    + "at once, as unbuildable"
            }
        }
        if others == 0 { return named }
        return named + ["\(HumanText.count(others, "further delivery fails", "further deliveries fail")) at once, as unbuildable"]
    }

    /// A member of the list `unbuildable`.
    static func json(_ delivery: UncarriedDelivery) -> JSONLine {
        var line = JSONLine()
        line.add("endpoint", delivery.endpoint)
        line.add("reason", delivery.reason)
        return line
    }
}
