import PosthornHTTP

/// The table by which requests are routed. The same routes make the OpenAPI document.
struct RouteTable: Sendable {
    /// What a target leads to.
    enum Match: Sendable {
        case route(Route, parameters: [String: [String]])
        /// There is such a path, with these methods.
        case otherMethods([String])
        case nothing
    }

    let routes: [Route]
    /// What comes before every path, such as `/hooks`; empty for nothing.
    let basePath: String
    private let baseSegments: [String]
    private let byCount: [Int: [(route: Route, segments: [Substring])]]

    init(_ routes: [Route], basePath: String = "") {
        self.routes = routes
        self.basePath = basePath
        baseSegments = basePath.split(separator: "/").map { String($0) }
        byCount = Dictionary(grouping: routes.map { ($0, $0.segments) }, by: { $0.1.count })
    }

    /// Finds the route of a request.
    /// - Parameter segments: Decoded, as they come between the slashes of the path.
    func match(method: String, _ segments: [String]) -> Match {
        guard segments.starts(with: baseSegments) else { return .nothing }
        let segments = Array(segments.dropFirst(baseSegments.count))
        let candidates = (byCount[segments.count] ?? []).filter { Self.fits($0.segments, segments) }
        guard !candidates.isEmpty else { return .nothing }
        // HEAD is answered like GET, without the body, which the server leaves out.
        let wanted = method == "HEAD" ? "GET" : method
        guard let found = candidates.first(where: { $0.route.method == wanted }) else {
            let methods = Set(candidates.map(\.route.method))
            return .otherMethods((methods.contains("GET") ? methods.union(["HEAD"]) : methods).sorted())
        }
        var parameters: [String: [String]] = [:]
        for (pattern, segment) in zip(found.segments, segments) {
            if let name = Self.name(of: pattern) { parameters[name] = [segment] }
        }
        return .route(found.route, parameters: parameters)
    }

    private static func fits(_ pattern: [Substring], _ segments: [String]) -> Bool {
        zip(pattern, segments).allSatisfy { pattern, segment in name(of: pattern) != nil ? !segment.isEmpty : pattern == segment }
    }

    /// The parameter's name of a segment such as `{id}`.
    private static func name(of segment: Substring) -> String? {
        segment.hasPrefix("{") && segment.hasSuffix("}") ? String(segment.dropFirst().dropLast()) : nil
    }
}
