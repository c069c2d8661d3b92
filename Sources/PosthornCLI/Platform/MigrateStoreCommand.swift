import Posthorn
import PosthornModel
import PosthornSQLite
import PosthornStore
import PosthornSystem
import PosthornText
#if PostgreSQL
import PosthornPostgres
#endif

/// `posthorn migrate-store --from A --to B`
enum MigrateStoreCommand: Command {
    static let specification = CommandSpecification(
        name: "migrate-store",
        summary: "move the outbox from a SQLite file into a PostgreSQL database, or back",
        flags: [
            .init("from", "OUTBOX", "the outbox as it is: a file, or postgresql://user@host/database"),
            .init("to", "OUTBOX", "where it goes: a file that does not exist, or a database without an outbox in use"),
            .init("rows", "NUMBER", "how many rows a transaction copies at most (default: 1000)"),
            .init("abandon", "give up a move that is not finished: --from is as it was before, and --to can be deleted"),
        ],
        usesOutbox: false,
        details: [
            "Everything goes along: the hierarchy with its endpoints and secrets, events, deliveries with their attempts, mails, keys, replays,"
                + "\nstatistics and the list of changes. Numbers, ids and due times stay. Sealed credentials stay sealed with the same key.",
            "Stop every posthorn run and every program that writes to --from. From the first moment on, --from refuses events and all of"
                + "\nPosthorn's programs; until the last one, so does --to. Broken off, whatever the reason, the same command goes on with it. At the end"
                + "\nboth are read again and compared row by row; then --to is open, and --from stays shut for good. Delete it when you like.",
            "A password does not belong on a command line: put it into the file that PGPASSFILE names. With --json: one object with from, to,"
                + "\nalready_done, tables (by name).",
        ],
        examples: [
            "posthorn migrate-store --from posthorn.db --to postgresql://posthorn@db.example/platform",
            "posthorn migrate-store --from postgresql://posthorn@db.example/platform --to /var/lib/posthorn/posthorn.db",
        ]
    )

    /// Rows of one transaction, unless it is said otherwise.
    private static let rows = 1000

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let now = SystemClock().now()
        let source = try end("from", arguments, context, now)
        let target = try end("to", arguments, context, now)
        if source.name == target.name { throw UsageProblem("--to: names the same outbox as --from", command: context.command) }
        if arguments.has("abandon") {
            try StoreMove.abandon(from: source, to: target)
            context.output.write(
                "given up: \(TerminalText.text(source.name)) is as it was before; \(TerminalText.text(target.name)) can be deleted\n"
            )
            return 0
        }
        let limit = try arguments.integer("rows", 1...100_000) ?? rows
        let done = try StoreMove.run(from: source, to: target, rows: limit, at: now) { table, count in
            if !context.json, count > 0 {
                context.output.write("copied \(HumanText.count(count, "row")) of \(table.name)\n")
                context.output.flush()
            }
        }
        context.output.write(context.json ? json(done, source.name, target.name) : text(done, source.name, target.name))
        return 0
    }

    private static func end(
        _ flag: String,
        _ arguments: ParsedArguments,
        _ context: Context,
        _ now: Timestamp
    ) throws -> any StoreCopy {
        guard let name = arguments.text(flag), !name.isEmpty else {
            throw UsageProblem("--\(flag): name an outbox: a file, or postgresql://user@host/database", command: context.command)
        }
        guard DatabaseServer.isMeant(by: name) else { return SQLiteCopy(path: name, now: now) }
        return try DatabaseServer.copy(name, now: now)
    }

    static func text(_ done: [(table: CopiedTable, rows: Int)]?, _ source: String, _ target: String) -> String {
        guard let done else { return "\(TerminalText.text(source)) was moved to \(TerminalText.text(target)) before; nothing was done\n" }
        let counts = Dictionary(done.map { ($0.table.name, $0.rows) }, uniquingKeysWith: { first, _ in first })
        let all = done.reduce(0) { $0 + $1.rows }
        return """
            \(TerminalText.text(source)) is now \(TerminalText.text(target)): \(HumanText.count(counts["posthorn_outbox"] ?? 0, "event")), \
            \(HumanText.count(counts["posthorn_delivery"] ?? 0, "delivery", "deliveries")), \
            \(HumanText.count(counts["posthorn_attempt"] ?? 0, "attempt")), \(HumanText.count(counts["posthorn_endpoint"] ?? 0, "endpoint")); \
            \(HumanText.count(all, "row")) compared, none differs
            start posthorn run with --db \(ShellWord.argument(target)); \(TerminalText.text(source)) takes nothing more, and can be deleted

            """
    }

    static func json(_ done: [(table: CopiedTable, rows: Int)]?, _ source: String, _ target: String) -> String {
        var counts = JSONLine()
        for (table, rows) in done ?? [] { counts.add(String(table.name.dropFirst("posthorn_".count)), rows) }
        var line = JSONLine()
        line.add("from", source)
        line.add("to", target)
        line.add("already_done", done == nil)
        line.add("tables", counts)
        return line.text + "\n"
    }
}
