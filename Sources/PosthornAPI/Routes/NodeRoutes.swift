import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// Nodes of the hierarchy, and the topology as a whole.
enum NodeRoutes {
    static let all: [Route] = [list, one, put, remove, topology, apply]

    private static let id = Parameter.path("id", .text(limitBytes: Identifier.limitBytes), "The node's id.", example: "c1")

    private static func line(_ node: Node, _ request: APIRequest) throws -> JSONLine {
        let view = try request.outbox.topology()
        return JSONLine(shown(node, request), endpoints: view.endpointCount(at: node.id), nodes: view.childCount(of: node.id))
    }

    /// A key does not see where its own node hangs.
    private static func shown(_ node: Node, _ request: APIRequest) -> Node {
        guard node.id == request.grant.node else { return node }
        return Node(id: node.id, level: node.level, name: node.name, notificationEmail: node.notificationEmail, limits: node.limits)
    }

    private static let list = Route(
        method: "GET",
        path: "/v1/nodes",
        operation: "listNodes",
        summary: "List nodes by id, as posthorn node list does.",
        access: .right(.readMetadata),
        parameters: [
            .query("parent", .text(limitBytes: Identifier.limitBytes), "Only those right below this node.", example: "d1"),
            .query("top", .flag, "Only those that are below no other, or the key's own node.", example: "false"),
            .query("prefix", .text(limitBytes: Identifier.limitBytes), "Only those whose ids begin with this.", example: "c"),
        ] + ListParameters.namedPage(limitBytes: Identifier.limitBytes, example: "c1"),
        answers: [
            Route.Answer(
                status: 200,
                description: "A part of the list.",
                schema: Schema.list("Node"),
                example: Examples.list(Examples.node)
            )
        ],
        problems: [.notFound],
        handler: .plain { request in
            var below = ScopedOutbox.NodeList.all
            if request.flag("top") { below = .top }
            if let parent = request.text("parent") { below = .children(of: parent) }
            let place: NamedPage<ScopedOutbox.ListedNode>.Place = request.namedPlace()
            let page = try request.outbox.nodes(below, beginningWith: request.text("prefix") ?? "", place, limit: request.pageLimit)
            return .list(
                page.elements.map { JSONLine(shown($0.node, request), endpoints: $0.endpoints, nodes: $0.nodes) },
                ListLinks(page, name: \.node.id)
            )
        }
    )

    private static let answer = Route.Answer(
        status: 200,
        description: "The node.",
        schema: Schema.reference("Node"),
        example: Examples.node
    )

    private static let one = Route(
        method: "GET",
        path: "/v1/nodes/{id}",
        operation: "getNode",
        summary: "One node.",
        access: .right(.readMetadata),
        parameters: [id],
        answers: [answer],
        problems: [.notFound],
        handler: .plain { request in .json(try line(try request.outbox.node(request.path("id")), request)) }
    )

    private static let put = Route(
        method: "PUT",
        path: "/v1/nodes/{id}",
        operation: "putNode",
        summary: "Make or change a node.",
        access: .right(.admin),
        parameters: [id],
        body: Route.Body(
            types: ["application/json"],
            schema: Schema.reference("NodeSettings"),
            example: Examples.nodeSettings,
            limitBytes: 16_384
        ),
        answers: [answer],
        problems: [.malformed, .invalidBody, .unsupportedMediaType, .tooLarge],
        handler: .plain { request in
            let id = request.path("id")
            let value = try request.json()
            guard case .object(var members) = value else {
                throw APIProblem([InputProblem(field: "", reason: "must be an object, not \(value.kindName)")])
            }
            if let given = value["id"], given != .string(id) {
                throw APIProblem([InputProblem(field: "id", value: given.text, reason: "is not the id of the path; an id never changes")])
            }
            if value["id"] == nil { members.insert(.init("id", .string(id)), at: 0) }
            do {
                let topology = try Topology(.object([.init("nodes", .array([.object(members)]))]))
                _ = try request.outbox.apply(topology, prune: false, generation: nil, dryRun: false)
            } catch let problem as InputProblem {
                throw EndpointRoutes.outside(problem)
            }
            return .json(try line(try request.outbox.node(id), request))
        }
    )

    private static let remove = Route(
        method: "DELETE",
        path: "/v1/nodes/{id}",
        operation: "deleteNode",
        summary: "Remove a node that has no nodes and no endpoints.",
        access: .right(.admin),
        parameters: [id],
        answers: [Route.Answer(status: 204, description: "It is removed.")],
        problems: [.notFound, .conflict],
        handler: .plain { request in
            try request.outbox.remove(node: request.path("id"))
            return .noContent
        }
    )

    private static func tag(_ generation: Int64) -> String { "t\(generation)" }

    private static let topology = Route(
        method: "GET",
        path: "/v1/topology",
        operation: "getTopology",
        summary: "The whole topology as a file that posthorn apply takes, secrets as ***.",
        access: .right(.admin),
        answers: [
            Route.Answer(
                status: 200,
                description: "The topology.",
                schema: Schema.reference("Topology"),
                example: Examples.topology,
                headers: ["ETag": "Changes with every change of the topology; for If-Match."]
            )
        ],
        handler: .plain { request in
            let (text, generation) = try request.outbox.exportedTopology()
            var response = HTTPResponse.json(Array(text.utf8))
            response.headers.append("ETag", "\"\(tag(generation))\"")
            return response
        }
    )

    private static let apply = Route(
        method: "PUT",
        path: "/v1/topology",
        operation: "putTopology",
        summary: "Make the hierarchy and its endpoints what the body says, as posthorn apply does: all of it, or nothing.",
        access: .right(.admin),
        parameters: [
            .query("dry_run", .flag, "Whether nothing is changed, and only what would be is said.", example: "true"),
            .query(
                "prune",
                .flag,
                "Whether what the body lacks is removed; what waits for a removed endpoint is cancelled.",
                example: "false"
            ),
        ],
        body: Route.Body(
            types: ["application/json"],
            schema: Schema.reference("Topology"),
            example: Examples.topology,
            limitBytes: 8 << 20
        ),
        answers: [
            Route.Answer(
                status: 200,
                description: "What has changed, or would.",
                schema: Schema.object(
                    [("dry_run", Schema.boolean), ("changes", Schema.array(Schema.reference("Change")))],
                    required: ["dry_run", "changes"]
                ),
                example: .object([.init("dry_run", .bool(true)), .init("changes", .array([Examples.change]))])
            )
        ],
        problems: [.changed, .malformed, .invalidBody, .unsupportedMediaType, .tooLarge],
        handler: .plain { request in
            let topology = try Topology(request.json())
            var generation: Int64?
            if let tags = request.expectedTags() {
                generation = tags.count == 1 ? Int64(tags[0].drop { $0 == "t" }) : nil
                if generation == nil { throw ScopeProblem.changed }
            }
            let isDry = request.flag("dry_run")
            let changes = try request.outbox.apply(topology, prune: request.flag("prune"), generation: generation, dryRun: isDry)
            var line = JSONLine()
            line.add("dry_run", isDry)
            line.add(
                "changes",
                changes.map { change in
                    var line = JSONLine()
                    line.add("kind", change.kind.rawValue)
                    line.add("what", change.what)
                    line.add("id", change.id)
                    line.add("detail", change.detail)
                    return line
                }
            )
            return .json(line)
        }
    )
}
