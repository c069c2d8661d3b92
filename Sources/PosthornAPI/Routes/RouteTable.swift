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
    /// The patterns of the paths with so many segments. Apart from the routes, which are large to copy.
    private let byCount: [Int: [Pattern]]

    private enum Segment: Sendable {
        case text(String)
        /// Stands for anything but nothing.
        case parameter(String)
    }

    private struct Pattern: Sendable {
        let segments: [Segment]
        let method: String
        /// Which of ``routes``.
        let route: Int
    }

    init(_ routes: [Route], basePath: String = "") {
        self.routes = routes
        self.basePath = basePath
        baseSegments = basePath.split(separator: "/").map { String($0) }
        let patterns = routes.enumerated().map { index, route in
            Pattern(segments: route.segments.map(Self.segment), method: route.method, route: index)
        }
        byCount = Dictionary(grouping: patterns, by: \.segments.count)
    }

    /// Finds the route of a request.
    /// - Parameter segments: Decoded, as they come between the slashes of the path.
    func match(method: String, _ segments: [String]) -> Match {
        guard segments.starts(with: baseSegments) else { return .nothing }
        let segments = segments.dropFirst(baseSegments.count)
        // HEAD is answered like GET, without the body, which the server leaves out.
        let wanted = method == "HEAD" ? "GET" : method
        var others: Set<String> = []
        for pattern in byCount[segments.count] ?? [] where Self.fits(pattern, segments) {
            if pattern.method == wanted { return .route(routes[pattern.route], parameters: Self.parameters(pattern, segments)) }
            others.insert(pattern.method)
        }
        if others.isEmpty { return .nothing }
        return .otherMethods((others.contains("GET") ? others.union(["HEAD"]) : others).sorted())
    }

    private static func fits(_ pattern: Pattern, _ segments: ArraySlice<String>) -> Bool {
        zip(pattern.segments, segments).allSatisfy { pattern, segment in
            switch pattern {
            case .text(let text): text == segment
            case .parameter: !segment.isEmpty
            }
        }
    }

    private static func parameters(_ pattern: Pattern, _ segments: ArraySlice<String>) -> [String: [String]] {
        var parameters: [String: [String]] = [:]
        for (pattern, segment) in zip(pattern.segments, segments) {
            if case .parameter(let name) = pattern { parameters[name] = [segment] }
        }
        return parameters
    }

    private static func segment(_ text: Substring) -> Segment {
        text.hasPrefix("{") && text.hasSuffix("}") ? .parameter(String(text.dropFirst().dropLast())) : .text(String(text))
    }
}
