import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem
import PosthornText

/// How long the first list takes after another program has changed an endpoint or a node, and how long the API takes to change one.
struct TopologyChangeTimes {
    let path: String
    /// The server's own.
    let outbox: Outbox
    let port: Int
    let endpoints: Int

    private static let rounds = 20

    /// - Returns: The figures, and the slowest request.
    func figures() throws -> (figures: [Figure], slowest: Double) {
        let other = try Outbox(path: path)
        defer { other.close() }
        let company = "c\(endpoints / LargeHierarchy.endpointsPerCompany / 2)"
        func settings(_ id: String, _ round: Int) -> EndpointSettings {
            EndpointSettings(id: id, node: company, url: "https://example.com/\(round)", envelope: .raw, signature: .none)
        }
        let kinds: [(name: String, what: String, change: (Int) throws -> Void)] = [
            ("state", "an endpoint was switched off or on", { _ = try other.setEnabled($0 % 2 == 1, endpoint: "e7", reason: nil) }),
            ("node_added", "a node was added", { _ = try other.put(Node(id: "new\($0)", level: .site, parent: company)) }),
            ("added", "an endpoint was added", { _ = try other.put(settings("x\($0)", $0)) }),
            ("changed", "an endpoint's URL was changed", { _ = try other.put(settings("x\($0)", $0 + 1)) }),
            ("removed", "an endpoint was removed", { _ = try other.remove(endpoint: "x\($0)") }),
            ("node_moved", "a node was moved", { _ = try other.put(Node(id: "c5", level: .company, parent: "d\($0 % 2)", name: "Moved")) }),
            ("node_removed", "a node was removed", { try other.remove(node: "new\($0)") }),
        ]
        var figures: [Figure] = []
        var slowest = 0.0
        func tell(_ name: String, _ what: String, _ times: [Double]) {
            let sorted = times.sorted()
            slowest = max(slowest, sorted.last ?? 0)
            figures.append(.init("\(name)_p50_ms", "ms, \(what), half of \(times.count)", sorted[sorted.count / 2]))
            figures.append(.init("\(name)_max_ms", "ms, the slowest", sorted.last ?? 0))
        }
        // The other program reads the hierarchy for its first change, for which no server keeps a connection that says nothing.
        _ = try other.put(Node(id: "r", level: .reseller))
        var connection = try KeptConnection(port: port)
        func milliseconds(_ request: [UInt8]) throws -> Double {
            let start = MonotonicClock.nanoseconds()
            try connection.ask(request, expecting: 200)
            return Double(MonotonicClock.nanoseconds() - start) / 1e6
        }
        _ = try milliseconds(KeptConnection.request("GET", "/v1/endpoints?limit=100"))
        for kind in kinds {
            let times = try (0..<Self.rounds).map { round in
                try kind.change(round)
                return try milliseconds(KeptConnection.request("GET", "/v1/endpoints?limit=100"))
            }
            tell("after_\(kind.name)", "the first list after \(kind.what)", times)
        }
        func put(_ round: Int) throws -> Double {
            let body = #"{"node":"c3","url":"https://example.com/\#(round)","vendor":"weseedo","credentials":{}}"#
            return try milliseconds(KeptConnection.request("PUT", "/v1/endpoints/e11", body: Array(body.utf8)))
        }
        let start = MonotonicClock.nanoseconds()
        _ = try outbox.setEnabled(true, endpoint: "e7", reason: nil)
        _ = try outbox.put(Node(id: "r", level: .reseller))
        let first = Double(MonotonicClock.nanoseconds() - start) / 1e6
        figures.append(.init("first_change_ms", "ms, the first change of the server's process, where no engine has read all", first))
        connection = try KeptConnection(port: port)
        tell("put", "a change of an endpoint by the API", try (1...Self.rounds).map(put))
        _ = try other.setEnabled(true, endpoint: "e7", reason: nil)
        return (figures, slowest)
    }
}
