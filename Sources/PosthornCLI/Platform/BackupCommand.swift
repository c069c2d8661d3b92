import Posthorn
import PosthornModel
import PosthornStore
import PosthornText

/// `posthorn backup FILE`
enum BackupCommand: Command {
    static let specification = CommandSpecification(
        name: "backup",
        summary: "copy the outbox into a new file while it is used, and check the copy",
        positionals: [.init(name: "FILE", count: .one, summary: "the file to make; must not exist")],
        details: [
            "No writer waits for it. The write-ahead log cannot be emptied while it lasts, and grows by what is written meanwhile. The copy is"
                + "\nof the moment at which it is begun; it has its name once it is checked (the whole file, and the counts of events and"
                + "\ndeliveries) and on disk. Sealed credentials stay sealed with the same key, which is not in it: keep that too.",
            "With --json: one object with path, bytes, taken_at, events, deliveries (by state), newest_event, valid_keys.",
        ],
        examples: ["posthorn backup /backup/posthorn-2026-11-21.db"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let target = arguments.positionals[0]
        if target.isEmpty || target == "-" {
            throw UsageProblem("FILE: name a file; a backup cannot go to a pipe", command: context.command)
        }
        try DatabaseServer.refuse(context.databasePath, "backup", instead: "pg_dump makes a copy while it is used")
        try context.refuseMissing()
        // The file is not opened as an outbox, which would bring an older one up to date: a backup is what one makes before that.
        let report = try Outbox.backUpNow(context.databasePath, to: target)
        if context.json {
            context.output.write(json(report))
        } else {
            context.output.write(
                "\(TerminalText.text(target)): \(HumanText.count(report.events, "event")) and "
                    + "\(HumanText.count(deliveries(report), "delivery", "deliveries")), \(HumanText.bytes(UInt64(report.bytes))), checked\n"
            )
        }
        return 0
    }

    static func deliveries(_ report: BackupReport) -> Int64 { report.deliveries.values.reduce(0, +) }

    static func json(_ report: BackupReport) -> JSONLine {
        var counts = JSONLine()
        for state in DeliveryState.allCases { counts.add(state.rawValue, report.deliveries[state] ?? 0) }
        var line = JSONLine()
        line.add("path", report.path)
        line.add("bytes", report.bytes)
        line.add("taken_at", report.takenAt)
        line.add("events", report.events)
        line.add("deliveries", counts)
        line.add("newest_event", report.newestEvent)
        line.add("valid_keys", report.validKeys)
        return line
    }
}
