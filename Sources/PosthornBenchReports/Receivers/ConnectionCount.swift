/// What a receiver saw of the connections to it.
package struct ConnectionCount: Equatable, Sendable {
    /// Connections that it accepted, those that came to nothing among them.
    package var opened = 0
    /// Of those that carried a request, the ones whose TLS handshake was a whole one.
    package var fullHandshakes = 0
    /// Of those that carried a request, the ones that resumed a TLS session.
    package var resumedHandshakes = 0

    package init(opened: Int = 0, fullHandshakes: Int = 0, resumedHandshakes: Int = 0) {
        self.opened = opened
        self.fullHandshakes = fullHandshakes
        self.resumedHandshakes = resumedHandshakes
    }

    /// Reads nginx's own count (its module `stub_status`) and the log that ``NginxConfiguration`` asks for: a line for each
    /// connection, `.` for a whole handshake and `r` for a resumed one.
    /// - Throws: ``BenchProblem`` when `status` is no such count.
    package init(status: String, log: String) throws {
        let lines = status.split { $0.isNewline }
        guard let heading = lines.firstIndex(where: { $0.hasPrefix("server accepts handled requests") }), heading + 1 < lines.count,
            let accepted = lines[heading + 1].split(separator: " ").first.flatMap({ Int($0) })
        else { throw BenchProblem("nginx does not say how many connections it has taken") }
        let marks = log.split { $0.isNewline }
        self.init(opened: accepted, fullHandshakes: marks.count { $0 == "." }, resumedHandshakes: marks.count { $0 == "r" })
    }

    /// What has come since an earlier count.
    package static func - (later: ConnectionCount, earlier: ConnectionCount) -> ConnectionCount {
        ConnectionCount(
            opened: later.opened - earlier.opened,
            fullHandshakes: later.fullHandshakes - earlier.fullHandshakes,
            resumedHandshakes: later.resumedHandshakes - earlier.resumedHandshakes
        )
    }

    /// The figures of a benchmark with so many hosts and deliveries.
    /// - Parameter isTLS: Whether there were handshakes.
    package func figures(hosts: Int, deliveries: Int, isTLS: Bool) -> [Figure] {
        let connections = [
            Figure("connections_opened", "connections opened", Double(opened)),
            Figure("connections_per_host", "connections opened a host", Double(opened) / Double(max(1, hosts))),
            Figure("connections_per_delivery", "connections opened a delivery", Double(opened) / Double(max(1, deliveries))),
        ]
        if !isTLS { return connections }
        let whole = max(1, fullHandshakes + resumedHandshakes)
        return connections + [
            Figure("handshakes_full", "whole TLS handshakes", Double(fullHandshakes)),
            Figure("handshakes_resumed", "resumed TLS handshakes", Double(resumedHandshakes)),
            Figure("handshakes_resumed_percent", "% of the handshakes were resumed", 100 * Double(resumedHandshakes) / Double(whole)),
        ]
    }
}
