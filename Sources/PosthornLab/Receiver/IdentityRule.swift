package import PosthornFormats
public import PosthornHTTP
import PosthornText

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

    /// The rule for one of the built-in vendors; `nil` for a name that is none.
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
