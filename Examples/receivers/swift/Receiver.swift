import PosthornHTTP
import PosthornModel
import PosthornText

/// Answers requests: verifies, drops duplicates, and hands each event on once.
struct Receiver: Sendable {
    private let hooks: [String: Hook]
    private let handle: @Sendable (ReceivedEvent, String) throws -> Void
    private let report: @Sendable (String) -> Void
    private let seen = SeenEvents()

    init(
        hooks: [String: Hook],
        handle: @escaping @Sendable (ReceivedEvent, String) throws -> Void,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.hooks = hooks
        self.handle = handle
        self.report = report
    }

    /// The answer to any request.
    func answer(_ request: HTTPRequest) -> HTTPResponse {
        guard ["GET", "POST"].contains(request.method) else {
            return HTTPResponse(status: 405, headers: ["Allow": "GET, POST"], body: Array("use POST\n".utf8))
        }
        let hook = hooks[request.path]
        do {
            if request.method == "GET", hook?.format != .voiso { return try answerQuestion(request, hook) }
            guard let hook else { return .text("no webhook is configured for this path\n", status: 404) }
            return take(try hook.format.event(in: request, hook), path: request.path)
        } catch let refused as Refused {
            report("refused \(request.method) \(request.path): \(refused.reason)")
            return .text("\(refused.reason)\n", status: 401)
        } catch {
            report("failed at \(request.method) \(request.path): \(error)")
            return .text("the receiver failed; its log says why\n", status: 500)
        }
    }

    private func take(_ event: ReceivedEvent, path: String) -> HTTPResponse {
        let key = "\(path) \(event.id)"
        switch seen.begin(key) {
        case .handled: return .text("ok, seen before\n")
        // Whether it will be handled is not known yet, so this is no 200: the sender comes again.
        case .beingHandled: return .text("this event is being handled\n", status: 503)
        case .new: break
        }
        do {
            try handle(event, path)
            seen.finish(key)
            return .text("ok\n")
        } catch {
            seen.forget(key)
            report("failed to handle \(path) \(event.id): \(error)")
            return .text("the receiver failed; its log says why\n", status: 500)
        }
    }

    /// Answers what is no event: a browser, diio's handshake, Webio's value request.
    private func answerQuestion(_ request: HTTPRequest, _ hook: Hook?) throws -> HTTPResponse {
        if let hook, hook.format == .diio, let text = request.queryValue("echo_string") { return .text(text) }
        if let hook, hook.format == .webio, request.queryValue("customerUID") != nil {
            try hook.checkWebioToken(request.headers["x-webio-token"])
            let fields = request.query.filter { $0.name.wholeMatch(of: /param[0-9]+/) != nil }.map(\.value)
            let known = fields.compactMap { field in hook.value(of: field).map { JSONValue.Member(field, $0) } }
            return .json(Array(JSONValue.object(known).text.utf8))
        }
        return .text("Welcome! This receiver is up and waiting for webhooks.\n")
    }
}
