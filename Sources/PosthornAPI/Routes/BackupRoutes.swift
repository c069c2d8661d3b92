import Posthorn
import PosthornHTTP
import PosthornText

/// Copies of the outbox, in the folder that the server was started with.
enum BackupRoutes {
    static func all(_ folder: BackupFolder?) -> [Route] { [list(folder), create(folder), one(folder)] }

    private static let limit = 250

    private static func list(_ folder: BackupFolder?) -> Route {
        Route(
            method: "GET",
            path: "/v1/backups",
            operation: "listBackups",
            summary:
                "List copies of the outbox, newest first, \(limit) at most: those in the folder, the one that is under way, and those that "
                + "failed since the server has started.",
            access: .right(.admin),
            answers: [
                Route.Answer(
                    status: 200,
                    description: "The list.",
                    schema: Schema.list("Backup"),
                    example: Examples.list(Examples.backup)
                )
            ],
            handler: .plain { _ in .list(folder?.copies(limit: limit).map { JSONLine($0) } ?? []) }
        )
    }

    private static func create(_ folder: BackupFolder?) -> Route {
        Route(
            method: "POST",
            path: "/v1/backups",
            operation: "createBackup",
            summary:
                "Begin a copy of the outbox, as posthorn backup makes it, while everything runs. Location says where to see what becomes of it.",
            access: .right(.admin),
            answers: [
                Route.Answer(
                    status: 202,
                    description: "It is begun.",
                    schema: Schema.reference("Backup"),
                    example: Examples.backup,
                    headers: ["Location": "Its path."]
                )
            ],
            problems: [.conflict],
            handler: .plain { request in
                guard let folder else {
                    throw APIProblem(.conflict, "this server has no folder for copies; posthorn run takes one with --backup-folder")
                }
                guard let copy = try folder.begin(at: request.outbox.now) else {
                    throw APIProblem(.conflict, "a copy is under way; GET /v1/backups shows it")
                }
                return .json(JSONLine(copy), status: 202, headers: [request.location("/v1/backups/\(copy.id)")])
            }
        )
    }

    private static func one(_ folder: BackupFolder?) -> Route {
        Route(
            method: "GET",
            path: "/v1/backups/{id}",
            operation: "getBackup",
            summary: "What has become of a copy.",
            access: .right(.admin),
            parameters: [.path("id", .text(limitBytes: 64), "The copy's id.", example: "2026-07-15T12-33-14.000Z")],
            answers: [
                Route.Answer(status: 200, description: "The copy.", schema: Schema.reference("Backup"), example: Examples.backup)
            ],
            problems: [.notFound],
            handler: .plain { request in
                let id = request.path("id")
                guard let copy = folder?.copy(id) else { throw ScopeProblem.notFound(what: "backup", id: id) }
                return .json(JSONLine(copy))
            }
        )
    }
}

extension JSONLine {
    fileprivate init(_ copy: BackupFolder.Copy) {
        self.init()
        add("id", copy.id)
        add("state", copy.state.rawValue)
        add("taken_at", copy.takenAt)
        add("file", copy.state == .done ? copy.file : nil)
        add("bytes", copy.bytes)
        add("problem", copy.problem?.rawValue)
    }
}
