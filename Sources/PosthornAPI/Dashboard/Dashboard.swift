import PosthornHTTP
import PosthornText

/// The pages for people: one application of plain files, embedded in the binary, that asks the API like any other client. It is served
/// to anybody, since it holds nothing of an outbox; what it shows it gets with the reader's own key.
struct Dashboard: Sendable {
    /// A file as it is answered.
    private struct Served: Sendable {
        let type: String
        let bytes: [UInt8]
        let tag: String
        let caching: String
    }

    /// The first segments of the application's own paths. Each is answered with the page itself, which reads the rest of the path.
    static let pages: Set<String> = [
        "", "deliveries", "endpoints", "new-endpoint", "events", "event-types", "nodes", "keys", "portal-sessions", "changes", "replays",
        "backups",
        PortalRoutes.deadLinkPage,
    ]

    private let baseSegments: [String]
    private let page: Served
    private let files: [String: Served]
    /// Changes with every file, so that browsers may keep each for ever.
    private let version: String

    private let policy: String
    private let paths: Set<String>

    /// - Parameters:
    ///   - basePath: What comes before every path, such as `/hooks`; empty for nothing.
    ///   - frameAncestors: The sites that may show the pages in a frame.
    ///   - html: The page itself.
    ///   - paths: The first segments of the paths that it is answered at.
    init(
        basePath: String,
        frameAncestors: [String] = [],
        page html: [UInt8] = DashboardFiles.page,
        paths: Set<String> = Dashboard.pages
    ) {
        policy = Self.policy(frameAncestors)
        self.paths = paths
        baseSegments = basePath.split(separator: "/").map { String($0) }
        var hash = StableHash()
        for file in DashboardFiles.all {
            hash.add(file.name.utf8)
            hash.add(file.bytes)
        }
        version = String(hash.value, radix: 16)
        let assets = "\(basePath)/assets/\(version)"
        let html = String(decoding: html, as: UTF8.self).replacing("{{assets}}", with: assets)
        var pageHash = StableHash()
        pageHash.add(html.utf8)
        let pageTag = String(pageHash.value, radix: 16)
        page = Served(type: "text/html; charset=utf-8", bytes: Array(html.utf8), tag: pageTag, caching: "no-cache")
        var files: [String: Served] = [:]
        for file in DashboardFiles.all {
            files[file.name] = Served(
                type: file.type,
                bytes: file.bytes,
                tag: version,
                caching: "public, max-age=31536000, immutable"
            )
        }
        self.files = files
    }

    /// Answers a request for a page or one of its files; `nil` when it is for something else.
    func response(to head: HTTPRequestHead) -> HTTPResponse? {
        guard let place = place(head.target.segments) else { return nil }
        guard head.method == "GET" || head.method == "HEAD" else {
            return HTTPResponse(status: 405, headers: ["Allow": "GET, HEAD", "Content-Type": "text/plain; charset=utf-8"])
        }
        switch place {
        case .page: return answer(page, head)
        case .file(let name): return files[name].map { answer($0, head) } ?? Self.gone
        case .otherVersion: return Self.gone
        }
    }

    /// What the log calls the target of a request, so that it has no id in it; `nil` when it is none of the dashboard's.
    func route(_ segments: [String]) -> String? {
        switch place(segments) {
        case .page: "/"
        case .file, .otherVersion: "/assets"
        case nil: nil
        }
    }

    private enum Place {
        case page
        case file(String)
        /// A file of a page that was loaded before the program was replaced.
        case otherVersion
    }

    private func place(_ segments: [String]) -> Place? {
        guard segments.starts(with: baseSegments) else { return nil }
        let rest = segments.dropFirst(baseSegments.count)
        guard let first = rest.first else { return .page }
        if first == "assets", rest.count >= 3 {
            return rest[rest.startIndex + 1] == version ? .file(rest.dropFirst(2).joined(separator: "/")) : .otherVersion
        }
        return paths.contains(first) && (first != "" || rest.count == 1) ? .page : nil
    }

    /// Only files of this server run or show, none is given up to a page of another site, and text never becomes markup.
    private static func policy(_ frameAncestors: [String]) -> String {
        let embedding = frameAncestors.isEmpty ? "'none'" : frameAncestors.joined(separator: " ")
        return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; "
            + "base-uri 'none'; frame-ancestors \(embedding); require-trusted-types-for 'script'; trusted-types 'none'"
    }

    private static let gone = HTTPResponse(
        status: 404,
        headers: ["Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"],
        body: Array("there is no such file; load the page again\n".utf8)
    )

    private func answer(_ file: Served, _ head: HTTPRequestHead) -> HTTPResponse {
        let headers: HTTPHeaders = [
            "Content-Type": file.type, "ETag": "\"\(file.tag)\"", "Cache-Control": file.caching,
            "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
        ]
        let tags = head.headers.all("If-None-Match").flatMap { field in
            field.split(separator: ",").map { tag in String(tag.filter { $0 != " " }) }
        }
        let own = "\"\(file.tag)\""
        if tags.contains("*") || tags.contains(own) || tags.contains("W/" + own) { return HTTPResponse(status: 304, headers: headers) }
        return HTTPResponse(status: 200, headers: headers, body: file.bytes)
    }
}
