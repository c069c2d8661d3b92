import Posthorn
import PosthornModel
import PosthornSending
import PosthornText

/// Many endpoints in a hierarchy as platforms have it, and deliveries in every state.
struct LargeHierarchy {
    static let endpointsPerCompany = 3
    private static let dealers = 100
    private static let types = 20
    /// Of one company; an outbox keeps the routes of a few thousand nodes at hand.
    private static let eventsInARow = 20

    let endpoints: Int

    private var companies: Int { endpoints / Self.endpointsPerCompany }

    private func topology() throws -> Topology {
        var nodes = [Node(id: "r", level: .reseller)]
        nodes += (0..<Self.dealers).map { Node(id: "d\($0)", level: .dealer, parent: "r", name: "Dealer \($0)") }
        nodes += (0..<companies).map { Node(id: "c\($0)", level: .company, parent: "d\($0 % Self.dealers)", name: "Company \($0)") }
        return try Topology(
            nodes: nodes,
            endpoints: (0..<endpoints).map { number in
                EndpointSettings(
                    id: "e\(number)",
                    node: "c\(number / Self.endpointsPerCompany)",
                    url: "http://127.0.0.1:9/hook/\(number)",
                    envelope: .standard,
                    signature: .standardWebhooks,
                    credentials: ["secret": .string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
                )
            }
        )
    }

    /// Most is delivered, and the rest waits.
    func fill(_ outbox: Outbox, deliveries: Int) throws {
        _ = try outbox.apply(try topology())
        let waiting = deliveries / 20
        try emit((deliveries - waiting) / Self.endpointsPerCompany, from: 0, to: outbox)
        try Engine.deliverMost(of: outbox)
        for number in stride(from: 0, to: endpoints, by: 1000) {
            _ = try outbox.setEnabled(false, endpoint: "e\(number)", reason: "moves to another provider")
        }
        try emit(waiting / Self.endpointsPerCompany, from: deliveries, to: outbox)
    }

    private func emit(_ count: Int, from first: Int, to outbox: Outbox) throws {
        let data = Array(#"{"id":"m1","subject":"Weekly call"}"#.utf8)
        var next = first
        while next < first + count {
            let batch = (next..<min(next + 1000, first + count)).map {
                NewEvent(type: "BENCH_\($0 % Self.types)", node: "c\($0 / Self.eventsInARow % companies)", data: data)
            }
            _ = try outbox.emit(batch)
            next += batch.count
        }
    }
}
