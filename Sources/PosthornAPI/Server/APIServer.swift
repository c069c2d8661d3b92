package import Posthorn
package import PosthornHTTP
import PosthornModel
import PosthornSystem
import PosthornText

/// The HTTP API of an outbox, listening.
package final class APIServer: Sendable {
    private let api: API
    private let server: HTTPServer

    /// The port it listens on; 0 for a Unix socket.
    package var port: Int { server.port }
    /// Whether there is, or was, a key.
    package var hasKeys: Bool { api.hasKeys }

    /// Listens, once the hierarchy was read.
    /// - Parameters:
    ///   - outbox: What it opens.
    ///   - listen: Where.
    ///   - options: With what. Where requests come from is taken from `listen`.
    ///   - configure: Changes limits of the server.
    ///   - log: Gets a line for each request, on one of the server's threads.
    /// - Throws: `InputProblem` when there is no key and strangers could connect; `HTTPServerProblem` when it cannot listen there.
    package init(
        _ outbox: Outbox,
        listen: ListenAddress,
        options: API.Options = API.Options(),
        configure: (inout HTTPServerConfiguration) -> Void = { _ in },
        log: (@Sendable (APIAccess) -> Void)? = nil
    ) throws {
        var options = options
        (options.isLoopback, options.isUnixSocket) = (listen.isLoopback, listen.isUnixSocket)
        let api = try API(outbox, options)
        do {
            if !api.hasKeys, !listen.isLoopback, !listen.isUnixSocket {
                throw InputProblem(
                    field: "listen",
                    reason:
                        "other machines could connect, and there is no key yet; make one with posthorn key create, or listen on 127.0.0.1 or "
                        + "unix:PATH"
                )
            }
            var configuration = HTTPServerConfiguration(address: listen.address)
            configuration.sendsRequestID = true
            configuration.refusalResponse = { [basePath = options.basePath] in Self.response($0, basePath: basePath) }
            configuration.accessLog = { access in
                let note = access.note as? RequestNote
                api.requests.count(note?.route, status: access.status, nanoseconds: access.durationNanoseconds)
                if let log, let line = APIAccess(access, note) { log(line) }
            }
            configure(&configuration)
            // Before the first request, which would wait for it. What is wrong with it is said to those who ask.
            try? outbox.loadTopology()
            server = try HTTPServer(configuration: configuration, deciding: { api.decide($0) })
        } catch {
            api.close()
            throw error
        }
        self.api = api
    }

    /// Takes no more requests, lets those that have arrived be answered, and ends the threads.
    package func stop() {
        server.stop()
        api.close()
    }

    /// What the server itself refuses, in the API's form.
    private static func response(_ refusal: HTTPRefusal, basePath: String) -> HTTPResponse {
        let code: ProblemCode
        switch refusal.status {
        case 408: code = .timeout
        case 413: code = .tooLarge
        case 503: code = .unavailable
        default: code = .malformed
        }
        var response = APIProblem(code, refusal.reason).response(basePath: basePath)
        // The server's status is the one that is sent; the body says the same.
        if code.status != refusal.status {
            var line = JSONLine()
            line.add("type", "about:blank")
            line.add("title", refusal.reason)
            line.add("status", refusal.status)
            line.add("detail", refusal.reason)
            response.body = Array(line.text.utf8)
        }
        return response
    }
}
