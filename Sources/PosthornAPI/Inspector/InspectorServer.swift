import PosthornModel
import PosthornHTTP
import PosthornSystem
package import PosthornText
import Synchronization

/// A page that shows live what a receiver gets, made of the dashboard's parts: `posthorn receive --ui`.
///
/// What is shown are other people's payloads and there is no key, so it listens on this machine alone, and answers only those who call it by
/// a name of this machine.
package final class InspectorServer: Sendable {
    private struct State {
        var requests = InspectedRequests()
        /// Where the receiver is, for people.
        var place = ""
    }

    private final class Kept: Sendable {
        let state = Mutex(State())
    }

    private let server: HTTPServer
    private let kept: Kept

    /// Requests that are kept.
    package static let keptLimit = InspectedRequests.limit

    private let address: HTTPServerConfiguration.Address

    /// The port it listens on; 0 for a Unix socket.
    package var port: Int { server.port }

    /// Where the page is, for people.
    package var url: String {
        switch address {
        case .tcp(let host, _): "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/"
        case .unix(let path, _): "unix:\(path)"
        }
    }

    /// Listens.
    /// - Throws: `InputProblem` when other machines could connect; `HTTPServerProblem` when it cannot listen there.
    package init(listen: ListenAddress) throws {
        if !listen.isLoopback, !listen.isUnixSocket {
            throw InputProblem(
                field: "ui",
                reason: "other machines could read what arrives, and no key is asked for; name 127.0.0.1 or unix:PATH"
            )
        }
        let kept = Kept()
        self.kept = kept
        address = listen.address
        let page = Dashboard(basePath: "", page: DashboardFiles.inspectorPage, paths: [""])
        server = try HTTPServer(
            configuration: HTTPServerConfiguration(address: listen.address),
            deciding: { head in
                // A page of another site that made its own name lead here has that one.
                guard listen.isUnixSocket || Gate.isLoopback(host: head.headers["Host"] ?? "") else {
                    return .answer(.text("ask for this page by a name of this machine, such as localhost\n", status: 421))
                }
                if let file = page.response(to: head) { return .answer(file) }
                guard head.target.segments == ["requests"], head.method == "GET" || head.method == "HEAD" else {
                    return .answer(.text("there is no such page\n", status: 404))
                }
                let number = head.target.query.first { $0.name == "after" }.flatMap { Int($0.value) } ?? 0
                return .answer(kept.state.withLock { Self.answer($0.requests.after(number), $0.place) })
            }
        )
    }

    private static func answer(_ part: (requests: [JSONValue], newest: Int, missed: Int), _ place: String) -> HTTPResponse {
        var line = JSONLine()
        line.add("receiver", place)
        line.add("data", .array(part.requests))
        line.add("newest", part.newest)
        line.add("missed", part.missed)
        return .json(line, headers: [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")])
    }

    /// Says where the receiver is.
    package func show(_ place: String) { kept.state.withLock { $0.place = place } }

    /// Shows one more request.
    package func add(_ request: JSONValue) { kept.state.withLock { $0.requests.add(request) } }

    /// Listens no more.
    package func stop() { server.stop() }
}
