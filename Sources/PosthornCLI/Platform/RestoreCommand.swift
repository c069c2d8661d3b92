import Glibc
import Posthorn
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText

/// `posthorn restore BACKUP`
enum RestoreCommand: Command {
    static let specification = CommandSpecification(
        name: "restore",
        summary: "make a backup the outbox, and say what will be sent again",
        positionals: [.init(name: "BACKUP", count: .one, summary: "a file that posthorn backup has made")],
        flags: [
            .init("replace", "move an outbox that is there aside, to FILE.replaced-TIME; stop every program that uses it before")
        ],
        details: [
            "An outbox that is there is never overwritten: without --replace it is left alone, and with it too while an engine delivers from"
                + "\nit. The backup is checked first and stays as it is.",
            "What is delivered in the backup is not sent again. What is pending in it is, with the same event ids, also where it was delivered"
                + "\nafter the backup was taken; posthorn deliveries --state pending lists it and posthorn cancel takes it back, before posthorn run."
                + "\nEvents that were accepted since are not in it. Keys of the HTTP API that were revoked since are valid again, and secrets that"
                + "\nwere rotated since have their former values.",
            "With --json: one object with path, bytes, taken_at, events, deliveries (by state), newest_event, valid_keys, former_path.",
        ],
        examples: ["posthorn restore /backup/posthorn-2026-11-21.db", "posthorn restore --replace /backup/posthorn-2026-11-21.db"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let backup = arguments.positionals[0]
        try DatabaseServer.refuse(context.databasePath, "restore", instead: "pg_restore brings a copy back")
        guard access(backup, F_OK) == 0 else {
            throw OutboxProblem(.access, "there is no backup \(TerminalText.text(backup)); name the file that posthorn backup has made")
        }
        let report = try Outbox.restoreNow(backup, to: context.databasePath, replacing: arguments.has("replace"))
        if context.json {
            var line = BackupCommand.json(report)
            line.add("former_path", report.formerPath)
            context.output.write(line)
        } else {
            context.output.write(text(report, at: SystemClock().now()))
        }
        return 0
    }

    static func text(_ report: BackupReport, at now: Timestamp) -> String {
        let counts = report.deliveries
        let pending = counts[.pending] ?? 0
        let held = counts[.held] ?? 0
        var lines = [
            "\(TerminalText.text(report.path)): \(HumanText.count(report.events, "event")) and "
                + "\(HumanText.count(BackupCommand.deliveries(report), "delivery", "deliveries"))"
        ]
        if let taken = report.takenAt { lines.append("  as of \(taken), \(HumanText.distance(to: taken, from: now))") }
        if let newest = report.newestEvent { lines.append("  the newest event is from \(newest); what was accepted since is not in it") }
        if let former = report.formerPath { lines.append("  the former outbox is \(TerminalText.text(former)) now") }
        lines.append("  \(HumanText.count(counts[.delivered] ?? 0, "delivery", "deliveries")) delivered, not sent again")
        if pending + held > 0 {
            let waiting = held > 0 ? " and \(HumanText.grouped(held)) held" : ""
            lines.append(
                "  \(HumanText.grouped(pending)) pending\(waiting): sent by the next run, again where that has happened since the backup was "
                    + "taken; posthorn deliveries --state pending lists them, posthorn cancel takes them back"
            )
        }
        if report.validKeys > 0 {
            lines.append(
                "  \(HumanText.count(report.validKeys, "API key is", "API keys are")) valid, also those that were revoked since; posthorn key list "
                    + "shows them"
            )
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
