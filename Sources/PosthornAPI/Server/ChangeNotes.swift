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

    /// The node of what a request is about, looked up before it is done, since it may be gone afterwards.
    static func node(of request: APIRequest) -> String? {
        guard actions[request.route.operation] != nil, request.route.parameters.contains(where: { $0.place == .path }) else { return nil }
        let id = request.path("id")
        switch request.route.segments[1] {
        case "endpoints": return try? request.outbox.endpoint(id).endpoint.settings.node
        case "deliveries": return request.number("number").flatMap { try? request.outbox.nodeOfEndpoint(ofDelivery: $0) }
        case "nodes": return id
        case "keys": return try? request.outbox.accessKeys().first { $0.id == id }?.node
        case "portal-sessions": return try? request.outbox.portalSessions().first { $0.id == id }?.node
        default: return nil
        }
    }

    /// Notes a request that was done.
    /// - Parameter node: As ``node(of:)`` has it.
    static func note(_ request: APIRequest, _ response: HTTPResponse, node: String?, _ book: AccessBook) {
        guard let action = actions[request.route.operation], (200..<300).contains(response.status) else { return }
        // Answered again, and done once; or only counted what it would do.
        if response.headers["Idempotency-Replayed"] != nil || request.flag("dry_run") { return }
        if ["createReplay", "retryDeliveries", "cancelDeliveries"].contains(request.route.operation), response.status != 201 { return }
        let answer = (try? JSONValue.parse(response.body)) ?? .null
        let subject = request.text("id") ?? request.text("number") ?? answer["id"]?.plainText
        request.outbox.note(
            action,
            subject: subject,
            // What is made says where it is. What belongs to nothing of the tree belongs to who did it.
            node: node ?? answer["node"]?.plainText ?? request.grant.node,
            by: actor(request.grant, book)
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
