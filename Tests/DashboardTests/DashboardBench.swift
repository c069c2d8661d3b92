import CPosthornTestSockets
import Posthorn
import PosthornAPI
import PosthornModel
import PosthornSending
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import PosthornText

/// An outbox with two tenants, the API over it on a socket, a receiver, and an engine where a test wants one.
///
/// ```
/// r1 ── d1 ── c1 ── s1      endpoints: top at r1, crm at c1, far at c2
///    └─ d2 ── c2 ── s2
/// ```
final class DashboardBench {
    let outbox: Outbox
    let receiver: MisbehavingReceiver
    private let directory: TemporaryDirectory
    private let server: APIServer
    private let engine: Engine?

    /// Where the receiver answers 200; everywhere else it answers 404.
    var goodURL: String { receiver.url }
    var wrongURL: String { "\(receiver.url)s" }

    /// - Parameters:
    ///   - hasData: Whether there are nodes, endpoints and events.
    ///   - runs: Whether an engine delivers.
    init(hasData: Bool = true, runs: Bool = false, answer: String = "not here") throws {
        directory = try TemporaryDirectory()
        outbox = try Outbox(path: directory.file("outbox.db"))
        receiver = try MisbehavingReceiver { request in request.target == "/hook" ? .ok : .status(404, body: answer) }
        let loopback = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        var options = API.Options()
        options.guard = loopback
        if hasData { try Self.fill(outbox, receiver.url) }
        // From the first key on browsers are let in.
        _ = try outbox.makeAccessKey(rights: [.admin])
        server = try APIServer(outbox, listen: try ListenAddress("127.0.0.1:0"), options: options)
        if runs {
            var sender = SenderConfiguration()
            sender.guard = loopback
            let started = try Engine(outbox: outbox, configuration: EngineConfiguration(sender: sender)) { _ in }
            try started.start()
            engine = started
        } else {
            engine = nil
        }
    }

    deinit {
        server.stop()
        try? engine?.stop()
        receiver.stop()
        outbox.close()
    }

    static let nodes = [
        Node(id: "r1", level: .reseller, name: "Northern Resale"), Node(id: "d1", level: .dealer, parent: "r1"),
        Node(id: "d2", level: .dealer, parent: "r1"), Node(id: "c1", level: .company, parent: "d1", name: "Acme"),
        Node(id: "c2", level: .company, parent: "d2", name: "Stranger Ltd"), Node(id: "s1", level: .site, parent: "c1"),
        Node(id: "s2", level: .site, parent: "c2"),
    ]

    private static func fill(_ outbox: Outbox, _ url: String) throws {
        let once = try RetrySchedule(["0"])
        let endpoints = [
            EndpointSettings(id: "top", node: "r1", url: url, vendor: .weseedo),
            EndpointSettings(id: "crm", node: "c1", url: "\(url)s", vendor: .weseedo, retry: once),
            EndpointSettings(id: "far", node: "c2", url: "\(url)?token=stranger", vendor: .weseedo),
        ]
        _ = try outbox.apply(try Topology(nodes: nodes, endpoints: endpoints))
        for number in 1...3 { try emit(outbox, "e\(number)", "s1", #"{"id": "m\#(number)"}"#) }
        try emit(outbox, "e-far", "s2", #"{"id": "stranger"}"#)
    }

    private static func emit(_ outbox: Outbox, _ id: String, _ node: String, _ data: String) throws {
        _ = try outbox.emit(NewEvent(id: id, type: "MEETING_STARTED", node: node, data: data))
    }

    /// How many deliveries of an endpoint were delivered.
    func delivered(_ endpoint: String) throws -> Int {
        var filter = DeliveryFilter()
        filter.endpoint = endpoint
        var count = 0
        try outbox.deliveries(filter) { if $0.state == .delivered { count += 1 } }
        return count
    }

    /// A key's text, once the API knows it.
    func key(_ node: String? = nil, _ rights: AccessRight...) throws -> String {
        let token = try outbox.makeAccessKey(name: "test", node: node, rights: Set(rights)).token.text
        let client = try TestClient(port: server.port)
        // Within a second of its making.
        repeat {
            client.send("GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\r\n")
        } while client.readAnswer().hasPrefix("HTTP/1.1 401 ")
        return token
    }

    /// A tab that shows nothing yet.
    func emptyTab() throws -> Tab {
        let tab = try Tab(Chromium.shared.get(), base: "http://127.0.0.1:\(server.port)/")
        try tab.look(width: 1440, isDark: false)
        return tab
    }

    /// A tab that shows the sign-in.
    func tab(_ path: String = "") throws -> Tab {
        let tab = try emptyTab()
        try tab.open(path)
        try tab.waitFor("API key")
        return tab
    }

    /// A tab that is signed in and shows a page.
    func tab(_ path: String, key: String) throws -> Tab {
        let tab = try tab(path)
        try tab.signIn(key)
        try tab.waitForPage(String(path.split(separator: "?").first ?? ""))
        return tab
    }
}
