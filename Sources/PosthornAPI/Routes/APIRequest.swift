import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// A request that has been routed, judged and checked: all that a handler gets.
struct APIRequest: Sendable {
    let head: HTTPRequestHead
    let route: Route
    /// What comes before every path; empty for nothing.
    let basePath: String
    /// The media type of its body in lower case, one of the route's; `nil` where the route takes none.
    let bodyType: String?
    /// Parameters by name, checked: those of the path and of the query.
    let parameters: [String: [String]]
    var body: [UInt8]
    /// What its key opens.
    let grant: AccessBook.Grant
    /// The outbox, cut to the key's tree.
    let outbox: ScopedOutbox

    /// The same request with its body.
    /// - Throws: ``APIProblem`` for a body that the route has no use for.
    func with(body: [UInt8]) throws(APIProblem) -> APIRequest {
        if route.body == nil {
            guard Route.isNoBody(body) else { throw Gate.unwantedBody }
            return self
        }
        var request = self
        request.body = body
        return request
    }

    /// The field that says where something is.
    /// - Parameter path: As the table of routes has it.
    func location(_ path: String) -> (name: String, value: String) { ("Location", basePath + path) }

    /// The value of a parameter of the path, which is always there.
    func path(_ name: String) -> String { parameters[name]?.first ?? "" }

    /// The first value of a parameter.
    func text(_ name: String) -> String? { parameters[name]?.first }

    /// All values of a parameter.
    func all(_ name: String) -> [String] { parameters[name] ?? [] }

    func integer(_ name: String) -> Int? { text(name).flatMap { Int($0) } }

    func number(_ name: String) -> Int64? { text(name).flatMap(Parameter.number) }

    func time(_ name: String) -> Timestamp? { text(name).flatMap { Timestamp(iso8601: $0) } }

    func flag(_ name: String) -> Bool { text(name) == "true" }

    func patterns(_ name: String) -> [EventPattern] { all(name).compactMap { try? EventPattern($0) } }

    /// Whether its key sees one tree alone, and so not where names lead in the operator's network.
    var hidesAddresses: Bool { grant.node != nil }

    func has(_ right: AccessRight) -> Bool { grant.rights.contains(right) }

    /// The body as a tree. An empty one is an empty object where none is needed.
    func json() throws(APIProblem) -> JSONValue {
        if body.isEmpty, route.body?.isRequired == false { return .object([]) }
        do throws(JSONProblem) { return try JSONValue.parse(body) } catch {
            throw APIProblem(.malformed, "the body is no JSON: \(error)")
        }
    }

    /// The tags of `If-Match` (RFC 9110, section 13.1.1); `nil` when there is none, or any will do.
    func expectedTags() -> [String]? {
        let values: [String] = head.headers.all("If-Match").flatMap { field in
            field.split(separator: ",").map { tag in String(tag.filter { $0 != " " }) }
        }
        if values.isEmpty || values.contains("*") { return nil }
        // A weak tag matches nothing here.
        return values.map { $0.hasPrefix("\"") && $0.hasSuffix("\"") && $0.count >= 2 ? String($0.dropFirst().dropLast()) : $0 }
    }
}

extension HTTPResponse {
    /// An object.
    static func json(_ line: JSONLine, status: Int = 200, headers: [(name: String, value: String)] = []) -> HTTPResponse {
        var response = HTTPResponse.json(Array(line.text.utf8), status: status)
        for (name, value) in headers { response.headers.append(name, value) }
        return response
    }

    /// A list, and where it goes on.
    static func list(_ elements: [JSONLine], _ links: ListLinks = .none, searchedUntil: Timestamp? = nil) -> HTTPResponse {
        var line = JSONLine()
        line.add("data", elements)
        line.add("next_cursor", links.next)
        line.add("previous_cursor", links.previous)
        if let searchedUntil { line.add("searched_until", searchedUntil) }
        return json(line)
    }

    static let noContent = HTTPResponse(status: 204)
}
