import Posthorn
import PosthornModel
import PosthornSQLite
import PosthornCurl
import PosthornText

/// `posthorn version`
enum VersionCommand: Command {
    static let specification = CommandSpecification(
        name: "version",
        summary: "show this program's version, its schema and the libraries in use",
        usesOutbox: false,
        details: ["With --json: one object with version, schema, sqlite, curl, tls. posthorn --version prints the version alone."],
        examples: ["posthorn version"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let curl = CurlInformation.version
        if context.json {
            var line = JSONLine()
            line.add("version", PosthornVersion.text)
            line.add("schema", SQLiteVersion.schema)
            line.add("sqlite", SQLiteVersion.library)
            line.add("curl", curl)
            line.add("tls", CurlInformation.tlsLibrary)
            context.output.write(line)
            return 0
        }
        let rows = [
            ("posthorn", PosthornVersion.text), ("schema", String(SQLiteVersion.schema)), ("SQLite", SQLiteVersion.library),
            ("libcurl", curl),
            ("TLS", CurlInformation.tlsLibrary),
        ]
        context.output.write(TextColumns.lines(rows.map { [$0.0, $0.1] }).map { $0 + "\n" }.joined())
        return 0
    }
}
