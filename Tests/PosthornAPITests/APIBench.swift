import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// An outbox with two tenants and an API over it, asked without a socket.
///
/// ```
/// r1 ── d1 ── c1 ── s1      endpoints: top at r1, mine at c1, far at c2
///    └─ d2 ── c2 ── s2
/// ```
final class APIBench {
    let directory: TemporaryDirectory
    let clock = TestClock()
    let outbox: Outbox
    let api: API

    init(
        _ options: API.Options = API.Options(),
        endpoints: [EndpointSettings] = APIBench.endpoints,
        backups: ((Outbox, String) -> BackupFolder)? = nil
    ) throws {
        directory = try TemporaryDirectory()
        outbox = try Outbox(path: directory.file("outbox.db"), clock: clock)
        _ = try outbox.apply(Topology(nodes: Self.nodes, endpoints: endpoints))
        var options = options
        if let backups { options.backups = backups(outbox, directory.path) }
        api = try API(outbox, options)
    }

    deinit {
        api.close()
        outbox.close()
    }

    static let nodes = [
        Node(id: "r1", level: .reseller), Node(id: "d1", level: .dealer, parent: "r1"), Node(id: "d2", level: .dealer, parent: "r1"),
        Node(id: "c1", level: .company, parent: "d1"), Node(id: "c2", level: .company, parent: "d2"),
        Node(id: "s1", level: .site, parent: "c1"), Node(id: "s2", level: .site, parent: "c2"),
    ]

    static let endpoints = [
        EndpointSettings(id: "top", node: "r1", url: "https://top.example/hook"),
        EndpointSettings(
            id: "mine",
            node: "c1",
            url: "https://mine.example/hook?token=hunter2",
            headers: [.init(name: "x-api-key", value: "hunter2")]
        ),
        EndpointSettings(
            id: "far",
            node: "c2",
            url: "https://far.example/hook?token=stranger",
            headers: [.init(name: "x-api-key", value: "stranger")]
        ),
    ]

    /// A key's text.
    func key(_ node: String? = nil, _ rights: AccessRight..., lifetimeMilliseconds: Int64? = nil) throws -> String {
        let made = try outbox.makeAccessKey(node: node, rights: Set(rights), lifetimeMilliseconds: lifetimeMilliseconds)
        try api.book.refresh()
        return made.token.text
    }

    /// What a browser sends that has opened the link of a portal session.
    func visitor(_ node: String, _ rights: Set<AccessRight>, lifetimeMilliseconds: Int64 = 3_600_000) throws -> Visitor {
        let made = try outbox.makePortalSession(node: node, rights: rights, lifetimeMilliseconds: lifetimeMilliseconds)
        return try open("/portal/\(made.code.text)")
    }

    /// Opens the link of a portal session as a browser does.
    func open(_ target: String) throws -> Visitor {
        let answer = ask("GET", target, headers: [("Sec-Fetch-Site", "cross-site"), ("Accept", "text/html,*/*;q=0.8")])
        guard let field = answer.headers["Set-Cookie"], let pair = field.split(separator: ";").first else {
            throw NotOpened(answer: answer)
        }
        let cookie = ("Cookie", String(pair))
        let access = ask("GET", "/v1/whoami", headers: [cookie]).json
        return Visitor(id: access["key"]?.string ?? "", cookie: cookie, token: access["csrf_token"]?.string ?? "", field: field)
    }

    /// A link that opened nothing.
    struct NotOpened: Error { let answer: Answer }

    /// A browser with a portal session.
    struct Visitor {
        let id: String
        let cookie: (String, String)
        let token: String
        /// The field that set the cookie.
        let field: String

        /// What its pages send.
        var headers: [(String, String)] { [cookie, ("X-CSRF-Token", token), ("Sec-Fetch-Site", "same-origin")] }
    }

    /// Asks with a key, or without one.
    func ask(
        _ method: String,
        _ target: String,
        key: String? = nil,
        body: String? = nil,
        type: String = "application/json",
        headers: [(String, String)] = [],
        isSecure: Bool = false
    ) -> Answer {
        var fields: HTTPHeaders = ["Host": "localhost"]
        if let key { fields.append("Authorization", "Bearer \(key)") }
        if body != nil, !headers.contains(where: { $0.0 == "Content-Type" }) { fields.append("Content-Type", type) }
        for (name, value) in headers { fields.append(name, value) }
        let request = HTTPRequest(method: method, target: target, headers: fields, body: Array((body ?? "").utf8), isSecure: isSecure)
        return Answer(api.respond(to: request))
    }

    /// Hands in an event as the platform does.
    func emit(_ id: String, node: String = "s1", type: String = "MEETING_STARTED") throws {
        _ = try outbox.emit(NewEvent(id: id, type: type, node: node, data: #"{"id": "m1"}"#))
    }

    /// The numbers of an endpoint's deliveries.
    func deliveries(of endpoint: String) throws -> [Int64] {
        var filter = DeliveryFilter()
        filter.endpoint = endpoint
        var numbers: [Int64] = []
        try outbox.deliveries(filter) { numbers.append($0.id) }
        return numbers
    }
}

/// What a request was answered with.
struct Answer {
    let status: Int
    let headers: HTTPHeaders
    let text: String

    init(_ response: HTTPResponse) {
        status = response.status
        headers = response.headers
        text = String(decoding: response.body, as: UTF8.self)
    }

    /// The body; null when it is no JSON.
    var json: JSONValue { (try? JSONValue.parse(Array(text.utf8))) ?? .null }

    /// The elements of a list.
    var data: [JSONValue] { if case .array(let elements)? = json["data"] { elements } else { [] } }

    /// One member of each element of a list.
    func all(_ member: String) -> [String] { data.map { $0[member]?.string ?? "-" } }

    /// The last part of a problem's type.
    var problem: String? { json["type"]?.string.split(separator: "/").last.map { String($0) } }

    /// Where each fault is.
    var faults: [String] {
        guard case .array(let errors)? = json["errors"] else { return [] }
        return errors.map { ($0["pointer"] ?? $0["parameter"])?.string ?? "-" }
    }
}

extension JSONValue {
    /// A string's text; the JSON of anything else.
    var string: String { if case .string(let text) = self { text } else { text } }
}
