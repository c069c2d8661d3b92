import PosthornModel
import PosthornStore

/// Whether the tables are those that the program works with, and what waits can go out.
enum SchemaChecks {
    /// Findings that are listed: more would say no more.
    private static let listLimit = 20

    static func schema(_ differences: [SchemaDifference]) -> [Finding] {
        if differences.isEmpty { return [Finding(.ok, "schema", "up to date, and whole")] }
        let listed = differences.prefix(listLimit).map(finding)
        let rest = differences.count - listed.count
        return listed + (rest > 0 ? [Finding(.problem, "schema", "\(rest) more parts are missing or changed")] : [])
    }

    /// A server compares them with a schema that is made for the moment.
    static let notCompared = Finding(
        .warn,
        "schema",
        "the tables were not compared with what they should be, since this role may not make a schema; GRANT CREATE ON DATABASE … TO it, "
            + "or run the doctor as one that may"
    )

    private static func finding(_ difference: SchemaDifference) -> Finding {
        let what = "\(difference.type) \(TerminalText.text(difference.name))"
        switch difference.kind {
        case .missing where difference.type == "index":
            let sql = (difference.sql ?? "").split { $0.isWhitespace }.joined(separator: " ")
            return Finding(.problem, "schema", "\(what) is missing; stop posthorn run and make it again with sqlite3: \(sql);")
        case .missing:
            return Finding(
                .problem,
                "schema",
                "\(what) is missing; stop posthorn run, and restore a backup or, if it was renamed, rename it back"
            )
        case .changed:
            return Finding(.problem, "schema", "\(what) is not as Posthorn made it; stop posthorn run and restore a backup")
        case .unknown:
            return Finding(
                .warn,
                "schema",
                "\(what) is not Posthorn's, whose names begin with posthorn_; rename it, back to what it was if that is one of those that are missing"
            )
        }
    }

    /// Whether so much is missing that nothing else can be looked at.
    static func isUnreadable(_ differences: [SchemaDifference]) -> Bool {
        differences.contains { $0.kind == .missing && ($0.type == "table" || $0.type == "index") }
    }

    static func stray(_ stray: StrayDeliveries) -> [Finding] {
        guard let first = stray.first else { return [] }
        return [
            Finding(
                .problem,
                "deliveries",
                "\(HumanText.count(Int(stray.count), "delivery that waits", "deliveries that wait")) can never go out, since the event or the endpoint's settings are "
                    + "missing (the first is \(first)); restore a backup that has them"
            )
        ]
    }
}
