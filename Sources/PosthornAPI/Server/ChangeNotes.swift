import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// What goes into the list of changes of the requests that were done.
enum ChangeNotes {
    /// What each operation is called there, in the words of the command line.
    static let actions: [String: String] = [
        "createEndpoint": "endpoint create", "replaceEndpoint": "endpoint change", "patchEndpoint": "endpoint change",
        "deleteEndpoint": "endpoint remove", "enableEndpoint": "endpoint enable", "disableEndpoint": "endpoint disable",
        "verifyEndpoint": "endpoint verify", "rotateEndpointSecret": "endpoint rotate", "getEndpointSecret": "endpoint secret",
        "retryDelivery": "retry", "cancelDelivery": "cancel", "resendDelivery": "resend", "skipDelivery": "skip", "createKey": "key create",
        "retryDeliveries": "bulk retry", "cancelDeliveries": "bulk cancel", "revokeKey": "key revoke", "createReplay": "replay create",
        "cancelReplay": "replay cancel",
        "createPortalSession": "portal-session create", "revokePortalSession": "portal-session end", "putNode": "node change",
        "deleteNode": "node remove", "putTopology": "apply", "createBackup": "backup",
    ]

    /// Operations that change nothing: they ask, or send what is no event.
    static let others: Set<String> = ["emitEvents", "explainType", "testEndpoint", "askEndpoint"]

    /// What a request is about, as it is before it is done, or afterwards.
    struct Subject {
        /// The node in whose tree it is, which is looked up before, since it may be gone afterwards.
        var node: String?
        /// What is the same as long as nothing of it has changed; `nil` where that is not looked at.
        var form: [String]?
    }

    /// Looks up what a request is about.
    static func subject(of request: APIRequest) -> Subject {
        guard actions[request.route.operation] != nil, request.route.parameters.contains(where: { $0.place == .path }) else {
            return Subject()
        }
        let (outbox, id) = (request.outbox, request.path("id"))
        switch request.route.segments[1] {
        case "endpoints":
            guard let document = try? outbox.endpoint(id) else { return Subject() }
            let endpoint = document.endpoint
            let health = (try? outbox.conditions(of: [id]))?.health[id].map { "\($0.state)" }
            let form = [document.tag, endpoint.state.rawValue, endpoint.stateReason ?? "", health ?? ""]
            // Reading secrets counts, and changes nothing.
            return Subject(node: endpoint.settings.node, form: request.route.method == "GET" ? nil : form)
        case "deliveries": return Subject(node: request.number("number").flatMap { try? outbox.nodeOfEndpoint(ofDelivery: $0) })
        case "nodes": return Subject(node: id, form: (try? outbox.topology())?.node(id).map { ["\($0)"] })
        case "keys":
            let key = try? outbox.accessKeys().first { $0.id == id }
            return Subject(node: key?.node, form: key.map { ["\($0.revoked != nil)"] })
        case "portal-sessions":
            let session = try? outbox.portalSessions().first { $0.id == id }
            return Subject(node: session?.node, form: session.map { ["\($0.revoked != nil)"] })
        default: return Subject()
        }
    }

    /// Notes a request that was done, unless it changed nothing: the list is bounded, and what fills it hides what was changed.
    /// - Parameter before: What it is about, as it was before.
    static func note(_ request: APIRequest, _ response: HTTPResponse, _ before: Subject, _ book: AccessBook) {
        guard let action = actions[request.route.operation], (200..<300).contains(response.status) else { return }
        // Answered again, and done once; or only counted what it would do.
        if response.headers["Idempotency-Replayed"] != nil || request.flag("dry_run") { return }
        if ["createReplay", "retryDeliveries", "cancelDeliveries"].contains(request.route.operation), response.status != 201 { return }
        if let form = before.form, subject(of: request).form == form { return }
        let answer = (try? JSONValue.parse(response.body)) ?? .null
        if answer["changes"] == .array([]) { return }
        let subject = request.text("id") ?? request.text("number") ?? answer["id"]?.plainText
        request.outbox.note(
            action,
            subject: subject,
            // What is made says where it is. What belongs to nothing of the tree belongs to who did it.
            node: before.node ?? answer["node"]?.plainText ?? request.grant.node,
            by: actor(request.grant, book),
            share: request.grant.share
        )
    }

    private static func actor(_ grant: AccessBook.Grant, _ book: AccessBook) -> ChangeRecord.Actor {
        guard let id = grant.keyID else { return .noKey }
        return grant.csrfToken == nil ? .key(id: id, name: book.name(ofKey: id)) : .portalSession(id: id)
    }
}

extension JSONValue {
    /// A string's text, or a number's.
    fileprivate var plainText: String? {
        switch self {
        case .string(let text), .number(let text): return text
        default: return nil
        }
    }
}
