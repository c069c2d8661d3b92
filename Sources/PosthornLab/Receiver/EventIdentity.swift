package import PosthornFormats
public import PosthornHTTP
import PosthornModel
import PosthornText

/// Which event a request carries, as far as its headers, query and body tell.
public struct EventIdentity: Equatable, Sendable {
    /// The event's id, or that of the object it is about; `nil` when the format has none.
    public let id: String?
    /// The event's type; `nil` when none was found.
    public let type: String?
    /// The sender's own count of its attempts, where the format has one (WeSeeDo).
    public let attempt: Int?
    /// Why the body could not be read as JSON; `nil` when it could, or when there is none.
    public let problem: String?
    /// The same for every attempt of one event at one path, different for everything else.
    public let key: UInt64
}

/// Where a vendor's requests hold an event's id and type.
///
/// Two attempts are the same event when path, id and type are the same. Formats without an id (conference, Webio) send the
/// same bytes in every attempt, so there the whole body or query takes the id's place.
public struct IdentityRule: Sendable {
    /// Headers that may hold the id, the first that is there wins.
    public let idHeaders: [String]
    /// Members of the body or of the query that may hold it; `payload.uuid` is a member of the member `payload`.
    public let idMembers: [String]
    /// The same for the type.
    public let typeMembers: [String]

    /// Where a vendor's file says that they are, instead of the names above.
    private var vendor: VendorDescription?

    /// What a vendor's file says.
    package init(of vendor: VendorDescription) {
        self.init()
        self.vendor = vendor
    }

    /// A rule of one's own.
    public init(idHeaders: [String] = [], idMembers: [String] = [], typeMembers: [String] = []) {
        self.idHeaders = idHeaders
        self.idMembers = idMembers
        self.typeMembers = typeMembers
    }

    /// Any of the known formats, told apart by their members.
    public static let any = IdentityRule(
        idHeaders: ["webhook-id"],
        idMembers: ["id", "payload.uuid", "uuid"],
        typeMembers: ["type", "action", "event"]
    )

    /// The rule for a vendor's preset of WIRE.md; `nil` for a name that is none.
    public static func vendor(_ name: String) -> IdentityRule? {
        switch name {
        case "weseedo": return IdentityRule(idMembers: ["id"], typeMembers: ["type"])
        case "diio": return IdentityRule(idMembers: ["id"], typeMembers: ["action"])
        case "conference": return IdentityRule(typeMembers: ["event"])
        case "webio": return IdentityRule(typeMembers: ["type"])
        case "voiso": return IdentityRule(idMembers: ["payload.uuid", "uuid"], typeMembers: ["event"])
        case "standard": return IdentityRule(idHeaders: ["webhook-id"], typeMembers: ["type"])
        default: return nil
        }
    }

    /// Reads a request.
    public func identify(_ request: HTTPRequest) -> EventIdentity {
        if let vendor { return identify(request, by: vendor) }
        let members = request.body.isEmpty ? MemberReader(query: request.query) : MemberReader(body: request.body)
        let id = idHeaders.lazy.compactMap { request.headers[$0] }.first ?? members.first(idMembers)
        return identity(
            of: request,
            id: id,
            type: members.first(typeMembers),
            attempt: members["attempt"].flatMap { Int($0) },
            problem: members.problem
        )
    }

    private func identify(_ request: HTTPRequest, by vendor: VendorDescription) -> EventIdentity {
        let headers = request.headers.map { (name: $0.name, value: $0.value) }
        func find(_ finder: VendorDescription.Finder?) -> String? {
            finder.flatMap { VendorDescription.find($0, headers: headers, body: request.body) }
        }
        return identity(of: request, id: find(vendor.identity), type: find(vendor.type), attempt: nil, problem: nil)
    }

    private func identity(of request: HTTPRequest, id: String?, type: String?, attempt: Int?, problem: String?) -> EventIdentity {
        var hash = StableHash()
        hash.add(request.path.utf8)
        hash.add((type ?? "").utf8)
        if let id {
            hash.add(id.utf8)
        } else if request.body.isEmpty {
            hash.add((request.rawQuery ?? "").utf8)
        } else {
            hash.add(request.body)
        }
        return EventIdentity(
            id: id,
            type: type,
            attempt: attempt,
            problem: problem,
            key: hash.value
        )
    }
}

/// The plain members of a body, one level down at most, or of a query.
private struct MemberReader {
    private var values: [(path: String, value: String)] = []
    private(set) var problem: String?

    init(query: [HTTPRequest.QueryItem]) {
        values = query.map { ($0.name, $0.value) }
    }

    init(body: [UInt8]) {
        var found: [(path: String, value: String)] = []
        do throws(JSONProblem) {
            try JSONScanner.read(body) { (scanner) throws(JSONProblem) in
                guard try scanner.peek() == .object else { return _ = try scanner.skipValue() }
                try scanner.members { (key, inner) throws(JSONProblem) in
                    try Self.collect(inner.decodeString(key), &inner, into: &found, levels: 1)
                }
            }
        } catch {
            problem = error.description
        }
        values = found
    }

    private static func collect(
        _ path: String,
        _ scanner: inout JSONScanner,
        into found: inout [(path: String, value: String)],
        levels: Int
    ) throws(JSONProblem) {
        switch try scanner.peek() {
        case .string: found.append((path, try scanner.string()))
        case .number: found.append((path, String(decoding: scanner.bytes[try scanner.skipValue()], as: UTF8.self)))
        case .object where levels > 0 && path == "payload":
            try scanner.members { (key, inner) throws(JSONProblem) in
                try collect("\(path).\(inner.decodeString(key))", &inner, into: &found, levels: levels - 1)
            }
        default: _ = try scanner.skipValue()
        }
    }

    subscript(path: String) -> String? { values.first { $0.path == path }?.value }

    func first(_ paths: [String]) -> String? { paths.lazy.compactMap { self[$0] }.first }
}
