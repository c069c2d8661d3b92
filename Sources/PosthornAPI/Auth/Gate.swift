import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornSystem
import PosthornText

/// Decides over a request by its head alone: which route, whose key, which parameters, which body. Nothing is read for it, so it may
/// be asked on the server's own threads.
struct Gate: Sendable {
    let table: RouteTable
    let book: AccessBook
    let outbox: Outbox
    /// Whether requests come from this machine alone, so that no key is needed while there is none.
    let locality: Locality
    /// What a browser with a portal session sends.
    let cookie: PortalCookie
    /// Rights that no key gives here, whatever the key.
    let withheld: Set<AccessRight>
    let clock: @Sendable () -> Timestamp

    /// Where the API can be reached from.
    enum Locality: Sendable, Equatable {
        case loopback, unixSocket, anywhere
    }

    /// Lets a request pass, or says why not.
    func judge(_ head: HTTPRequestHead) -> Judgement {
        let found: (route: Route, path: [String: [String]])
        do throws(APIProblem) { found = try route(head) } catch { return Judgement(result: .failure(error)) }
        let grant: AccessBook.Grant
        do throws(APIProblem) { grant = try self.grant(head, found.route) } catch {
            return Judgement(route: found.route, result: .failure(error))
        }
        do throws(APIProblem) {
            let request = try judge(head, found.route, found.path, grant)
            return Judgement(route: found.route, keyID: grant.keyID, result: .success(request))
        } catch {
            return Judgement(route: found.route, keyID: grant.keyID, result: .failure(error))
        }
    }

    /// What is checked of a request whose key is proved.
    private func judge(
        _ head: HTTPRequestHead,
        _ route: Route,
        _ path: [String: [String]],
        _ grant: AccessBook.Grant
    ) throws(APIProblem) -> APIRequest {
        // First: what another session may do says nothing about the one that is meant.
        try checkIntent(head, grant)
        if case .right(let right) = route.access, !grant.rights.contains(right) {
            throw APIProblem(.forbidden, "the key lacks the right \(right.rawValue)")
        }
        try checkAccept(head, route)
        let bodyType = try bodyType(head, route)
        return APIRequest(
            head: head,
            route: route,
            basePath: table.basePath,
            bodyType: bodyType,
            parameters: try parameters(head, route, path),
            body: [],
            grant: grant,
            outbox: outbox.scoped(to: grant.node)
        )
    }

    private func route(_ head: HTTPRequestHead) throws(APIProblem) -> (Route, [String: [String]]) {
        switch table.match(method: head.method, head.target.segments) {
        case .route(let route, let parameters): return (route, parameters)
        case .otherMethods(let methods):
            let names = methods.joined(separator: ", ")
            throw APIProblem(.methodNotAllowed, "the path has \(names)", headers: [("Allow", names)])
        case .nothing: throw APIProblem(.notFound, "there is no such path; \(table.basePath)/openapi.json lists them")
        }
    }

    // MARK: Keys

    private static let challenge = [(name: "WWW-Authenticate", value: "Bearer realm=\"posthorn\"")]

    private func grant(_ head: HTTPRequestHead, _ route: Route) throws(APIProblem) -> AccessBook.Grant {
        if route.access == .open { return AccessBook.Grant(keyID: nil, node: nil, rights: []) }
        return try presented(head).without(withheld)
    }

    private func presented(_ head: HTTPRequestHead) throws(APIProblem) -> AccessBook.Grant {
        let fields = head.headers.all("Authorization")
        if fields.isEmpty, let value = cookie.value(in: head) { return try session(value, head) }
        if fields.isEmpty, !book.hasKeys, locality != .anywhere {
            try checkNearness(head)
            return AccessBook.Grant(keyID: nil, node: nil, rights: AccessRight.admin.withIncluded)
        }
        guard fields.count == 1, let token = Self.bearer(fields[0]) else {
            throw APIProblem(.noKey, "send Authorization: Bearer and a key", headers: Self.challenge)
        }
        switch book.verdict(token, at: clock()) {
        case .granted(let grant): return grant
        case .refused: throw APIProblem(.noKey, "the key is not known, has expired or was revoked", headers: Self.challenge)
        case .unknown: throw APIProblem(.unavailable, "keys cannot be checked now", headers: [("Retry-After", "5")])
        }
    }

    /// What a browser's cookie opens. Browsers send it along with whatever a page asks for, so what a page of another site asked for
    /// is told by what browsers say of that, and changes by ``checkIntent(_:_:)`` as well.
    private func session(_ value: Substring, _ head: HTTPRequestHead) throws(APIProblem) -> AccessBook.Grant {
        if let site = head.headers["Sec-Fetch-Site"], site != "same-origin", site != "none" {
            throw APIProblem(.noKey, "a portal session is for the pages of this server alone", headers: Self.challenge)
        }
        switch book.verdict(session: value, at: clock()) {
        case .granted(let grant): return grant
        case .refused: throw APIProblem(.sessionEnded, "the portal session has expired or was ended", headers: Self.challenge)
        case .unknown: throw APIProblem(.unavailable, "sessions cannot be checked now", headers: [("Retry-After", "5")])
        }
    }

    /// A change that comes with a cookie must be meant by a page of this server, which alone knows the session's token. Reading needs none;
    /// a page that sends one all the same is told when the browser has another session by now, and does not show its tree for its own.
    private func checkIntent(_ head: HTTPRequestHead, _ grant: AccessBook.Grant) throws(APIProblem) {
        guard let token = grant.csrfToken else { return }
        let sent = head.headers.all(Self.intentHeader)
        if sent.isEmpty, head.method == "GET" || head.method == "HEAD" { return }
        if sent.count == 1, AccessBook.isSame(sent[0], token) { return }
        // It has the form of one, and so is another session's.
        if sent.count == 1, sent[0].utf8.count == token.utf8.count {
            throw APIProblem(.sessionEnded, "this browser has opened another portal session since", headers: Self.challenge)
        }
        throw APIProblem(.forbidden, "with a portal session send \(Self.intentHeader) with the csrf_token of GET /v1/whoami")
    }

    static let intentHeader = "X-CSRF-Token"

    /// What comes behind `Bearer` (RFC 6750, section 2.1).
    private static func bearer(_ field: String) -> Substring? {
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return parts[1].drop { $0 == " " }
    }

    /// Without keys all who reach the socket may do everything. A page in this machine's browser can reach it, and so can strangers
    /// through a proxy; both can be told by what they send.
    private func checkNearness(_ head: HTTPRequestHead) throws(APIProblem) {
        let signs = ["Origin", "Forwarded", "X-Forwarded-For", "X-Real-IP", "Via", "Sec-Fetch-Site"]
        let isNear = locality == .unixSocket || Self.isLoopback(host: head.headers["Host"] ?? "")
        if isNear, !signs.contains(where: { head.headers[$0] != nil }) { return }
        throw APIProblem(
            .noKey,
            "there are no keys yet, so only programs of this machine are let in; make one with posthorn key create",
            headers: Self.challenge
        )
    }

    /// A name that only this machine has: a page of another site that made its own name lead here has that one.
    static func isLoopback(host: String) -> Bool {
        var name = host.lowercased()
        if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
            name = String(name[name.index(after: name.startIndex)..<end])
        } else if let colon = name.lastIndex(of: ":") {
            name = String(name[..<colon])
        }
        return name == "localhost" || (NetworkAddress(name)?.isLoopback ?? false)
    }

    // MARK: Forms

    private func checkAccept(_ head: HTTPRequestHead, _ route: Route) throws(APIProblem) {
        let ranges = head.headers.all("Accept").flatMap { $0.split(separator: ",") }.compactMap(MediaRange.init)
        if ranges.isEmpty { return }
        let types = Set(route.answers.map(\.type))
        if types.contains(where: { type in ranges.contains { $0.includes(type) } }) { return }
        throw APIProblem(.notAcceptable, "the answer is \(types.sorted().joined(separator: " or "))")
    }

    /// The media type of the body that follows, which the route takes; `nil` where it takes none.
    private func bodyType(_ head: HTTPRequestHead, _ route: Route) throws(APIProblem) -> String? {
        let length: Int? = if case .known(let count) = head.bodyLength { count } else { nil }
        guard let body = route.body else {
            if let length, length > Route.noBodyLimitBytes { throw Self.unwantedBody }
            return nil
        }
        let range = head.headers["Content-Type"].flatMap(MediaRange.init)
        if length == 0 { return range?.type }
        let types = body.types.joined(separator: " or ")
        if let coding = head.headers["Content-Encoding"], coding.lowercased() != "identity" {
            throw APIProblem(.unsupportedMediaType, "send the body without a content coding")
        }
        guard let range, body.types.contains(range.type) else {
            throw APIProblem(.unsupportedMediaType, "send the body as \(types), in UTF-8")
        }
        if let charset = range.charset, charset != "utf-8" {
            throw APIProblem(.unsupportedMediaType, "send the body as \(types), in UTF-8")
        }
        if let length, length > body.limitBytes, !isStreamed(range, route) { throw Self.tooLarge(body.limitBytes) }
        return range.type
    }

    /// Whether a body is taken as it comes, and so has no limit.
    private func isStreamed(_ range: MediaRange, _ route: Route) -> Bool {
        if case .lines = route.handler { range.type == EventRoutes.linesType } else { false }
    }

    static let unwantedBody = APIProblem(.tooLarge, "the path takes no body; leave it out, or send {}")

    static func tooLarge(_ limit: Int) -> APIProblem { APIProblem(.tooLarge, "the body may have \(limit) bytes at most") }

    // MARK: Parameters

    private func parameters(
        _ head: HTTPRequestHead,
        _ route: Route,
        _ path: [String: [String]]
    ) throws(APIProblem) -> [String: [String]] {
        var values = path
        var faults: [APIProblem.Fault] = []
        let known = route.parameters.filter { $0.place == .query }
        for item in head.target.query {
            guard let parameter = known.first(where: { $0.name == item.name }) else {
                let clause = Suggestion.advice(for: item.name, among: known.map(\.name), otherwise: "allowed are")
                let reason = known.isEmpty ? "is not known here; the path takes none" : "is not known here; \(clause)"
                faults.append(.init(place: .parameter(InputProblem.printable(item.name)), detail: reason))
                continue
            }
            if values[item.name] != nil, !parameter.isRepeatable {
                faults.append(.init(place: .parameter(item.name), detail: "may be there once"))
            }
            values[item.name, default: []].append(item.value)
            if parameter.isRepeatable, values[item.name]?.count == Parameter.repeatLimit + 1 {
                faults.append(.init(place: .parameter(item.name), detail: "may be there \(Parameter.repeatLimit) times at most"))
            }
            if let reason = parameter.fault(of: item.value) {
                let text = "\"\(InputProblem.printable(item.value))\" \(reason)"
                faults.append(.init(place: .parameter(item.name), detail: text))
            }
        }
        if !faults.isEmpty { throw APIProblem(.invalidParameter, faults.count == 1 ? "1 fault" : "\(faults.count) faults", errors: faults) }
        // What no id can be is no id of anything.
        for parameter in route.parameters where parameter.place == .path {
            if let value = path[parameter.name]?.first, parameter.fault(of: value) != nil {
                throw APIProblem(.notFound, "there is no \(route.subject) \(InputProblem.printable(value))")
            }
        }
        return values
    }
}

extension Route {
    /// What the parameter of its path names, for messages.
    var subject: String {
        let segments = self.segments
        guard let place = segments.firstIndex(where: { $0.hasPrefix("{") }), place > 0 else { return "such thing" }
        switch segments[place - 1] {
        case "deliveries": return "delivery"
        case let plural: return String(plural.hasSuffix("s") ? plural.dropLast() : plural)
        }
    }
}

extension NetworkAddress {
    /// 127.0.0.0/8 and ::1.
    package var isLoopback: Bool { isIPv4 ? UInt32(truncatingIfNeeded: bits) >> 24 == 127 : bits == 1 }
}
