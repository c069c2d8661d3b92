import PosthornText
import Glibc
import Posthorn
import PosthornSystem

/// `posthorn doctor`
enum DoctorCommand: Command {
    static let specification = CommandSpecification(
        name: "doctor",
        summary: "check the outbox, its file or server, its settings and the machine, and say what to do",
        flags: OutboundArguments.flags,
        settings: OutboundArguments.flags.map(\.name),
        details: [
            "One line a check: ok, warn or problem, what was found and what to do. Exit status 1 when there is a problem. The whole"
                + "\nfile is read, which takes a while when it is large. With --json: severity, check, message.",
            "Of an outbox in PostgreSQL it looks at the server as well: its release and durability, standbys and slots, who keeps"
                + "\ndeleted rows, locks and sessions, the role's rights, TLS and vacuuming. It never shows a password.",
            "With --proxy or --source-address, also from the settings of posthorn run, it says how requests leave, and whether they can.",
        ],
        examples: [
            "posthorn doctor", "posthorn doctor --db /var/lib/posthorn/posthorn.db",
            "posthorn doctor --db postgresql://posthorn@db/platform",
        ]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let egress = try OutboundArguments.egress(arguments, hasAllow: false)
        let findings = (context.isOnServer ? server(context) : file(context)) + OutboundChecks.all(egress)
        return Finding.report(findings + FileChecks.key(KeySource.file(arguments)) + MachineChecks.all(), context)
    }

    private static func file(_ context: Context) -> [Finding] {
        let path = context.databasePath
        let facts: FileChecks.Facts
        switch FileChecks.facts(path) {
        case .failure(let error): return [error.finding]
        case .success(let found): facts = found
        }
        var findings = [FileChecks.outbox(facts.mode, path: path)]
        if let free = FileChecks.freeBytes(path) { findings.append(FileChecks.space(free: free, used: facts.bytes)) }
        // Before the outbox is opened here: the last connection that closes empties the log.
        findings.append(FileChecks.log(bytes: FileChecks.logBytes(besideOutbox: path), path: path))
        let now = SystemClock().now().unixSeconds
        if let finding = FileChecks.age(modifiedSeconds: facts.modifiedSeconds, nowSeconds: now) { findings.append(finding) }
        do {
            if let problem = context.keyProblem { findings.append(Finding(.problem, "key", TerminalText.text(problem))) }
            let outbox = try context.openToRead()
            defer { outbox.close() }
            findings.insert(opened(path), at: 0)
            findings += try OutboxChecks.all(outbox)
            findings += SecretChecks.certificates(try outbox.clientCertificates(), at: SystemClock().now())
        } catch {
            findings.append(Finding(.problem, "file", TerminalText.text(Program.message(of: error))))
        }
        return findings
    }

    private static func server(_ context: Context) -> [Finding] {
        var findings: [Finding] = []
        if let problem = context.keyProblem { findings.append(Finding(.problem, "key", TerminalText.text(problem))) }
        let server: [Finding]
        #if PostgreSQL
        // Also of an outbox that does not open: they may say why.
        switch ServerChecks.all(context.databasePath) {
        case .success(let found): server = found
        case .failure(let problem): return findings + [Finding(.problem, "server", TerminalText.text(Program.message(of: problem)))]
        }
        #else
        server = []
        #endif
        do {
            let outbox = try context.openToRead()
            defer { outbox.close() }
            findings.append(Finding(.ok, "server", "\(TerminalText.text(outbox.path)) opens"))
            findings += try OutboxChecks.all(outbox, onServer: true)
            findings += SecretChecks.certificates(try outbox.clientCertificates(), at: SystemClock().now())
        } catch {
            findings.append(Finding(.problem, "server", TerminalText.text(Program.message(of: error))))
        }
        return findings + server
    }

    private static func opened(_ path: String) -> Finding {
        if FileChecks.canBeWritten(path) { return Finding(.ok, "file", "\(TerminalText.text(path)) opens and can be written") }
        return Finding(
            .warn,
            "file",
            "\(TerminalText.text(path)) can only be read by this user: posthorn run, emit and apply need one that may write it"
        )
    }
}
