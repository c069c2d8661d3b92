import Posthorn
import PosthornAPI
import PosthornCurl
import PosthornMail
import PosthornModel
import PosthornSQLite
import PosthornSending
import PosthornStore
import PosthornSystem
import PosthornText

/// `posthorn run --check`: everything that a start needs, looked at without starting and without changing anything.
enum RunCheck {
    static func findings(_ arguments: ParsedArguments, _ context: Context) -> [Finding] {
        var findings: [Finding] = []
        let configuration = value("settings", &findings) { try RunCommand.configuration(arguments) }
        let listen = value("settings", &findings) { try ListenArguments(arguments, command: RunCommand.specification.name) } ?? nil
        _ = value("settings", &findings) {
            try listen?.refuseBackups(of: context.databasePath)
            _ = try arguments.choice("log", LogWriter.Format.self)
            _ = try arguments.choice("log-level", LogRecord.Level.self)
        }
        if findings.isEmpty { findings.append(Finding(.ok, "settings", settings(arguments))) }
        findings += outbox(arguments, context, configuration, listen: listen)
        if let egress = configuration?.sender.guard { findings += OutboundChecks.all(egress) }
        findings += certificates(arguments.text("ca-file"))
        if let mail = configuration?.mail { findings.append(Self.mail(mail.sender.check(), arguments.text("smtp") ?? "")) }
        let limit = DescriptorLimit.current
        if let configuration {
            let needed = DescriptorLimit.needed(configuration.sender) + (listen == nil ? 0 : ListenArguments.descriptors)
            findings.append(MachineChecks.descriptors(soft: limit.soft, hard: limit.hard, needed: needed))
        }
        return findings
    }

    /// A value, or a finding that says why there is none.
    private static func value<Value>(_ check: String, _ findings: inout [Finding], _ body: () throws -> Value) -> Value? {
        do { return try body() } catch {
            findings.append(Finding(.problem, check, TerminalText.text((error as? UsageProblem)?.message ?? Program.message(of: error))))
            return nil
        }
    }

    private static func settings(_ arguments: ParsedArguments) -> String {
        let file = arguments.text("settings") ?? ParsedArguments.environment(ParsedArguments.settingsVariable)
        let sources = ["the command line", "the environment"] + (file.map { [TerminalText.text($0)] } ?? [])
        return "those of \(sources.joined(separator: ", ")) are understood"
    }

    /// The outbox's file, and what is in it.
    private static func outbox(
        _ arguments: ParsedArguments,
        _ context: Context,
        _ configuration: EngineConfiguration?,
        listen: ListenArguments?
    ) -> [Finding] {
        let path = context.databasePath
        var findings: [Finding] = []
        if context.isOnServer { return server(arguments, context, configuration, listen: listen) }
        switch FileChecks.facts(path) {
        case .failure(let error):
            let isToBeMade = arguments.has("create") && error.finding.severity == .warn
            if isToBeMade { return [Finding(.ok, "file", "\(TerminalText.text(path)) does not exist yet, and --create makes it")] }
            return [Finding(.problem, error.finding.check, error.finding.message)]
        case .success(let facts):
            findings.append(FileChecks.outbox(facts.mode, path: path))
            if let free = FileChecks.freeBytes(path) { findings.append(FileChecks.space(free: free, used: facts.bytes)) }
        }
        findings += FileChecks.key(KeySource.file(arguments))
        if !FileChecks.canBeWritten(path) {
            findings.append(
                Finding(.problem, "file", "\(TerminalText.text(path)) can only be read by this user; run it as one that may write it")
            )
        }
        let key = value("key", &findings) { try KeySource.key(arguments) }
        do {
            // For reading alone: an older file keeps its schema until a start brings it up to date.
            let outbox = try Outbox(path: path, creating: false, key: key ?? nil, readOnly: true)
            defer { outbox.close() }
            findings.insert(Finding(.ok, "file", "\(TerminalText.text(path)) opens"), at: 0)
            findings += try opened(outbox, configuration?.sender.guard, listen: listen)
        } catch OutboxError.store(let problem) where problem.code == .schema && problem.remedy == .openAsWriter {
            findings.append(
                Finding(
                    .warn,
                    "schema",
                    "\(TerminalText.text(path)) is of an earlier version; a start brings it up to date, and from then on earlier versions "
                        + "refuse it, so keep a copy"
                )
            )
        } catch {
            findings.append(Finding(.problem, "file", TerminalText.text(Program.message(of: error))))
        }
        return findings
    }

    /// An outbox that a server has.
    private static func server(
        _ arguments: ParsedArguments,
        _ context: Context,
        _ configuration: EngineConfiguration?,
        listen: ListenArguments?
    ) -> [Finding] {
        do {
            let outbox = try context.openToRead()
            defer { outbox.close() }
            return [Finding(.ok, "server", "\(TerminalText.text(outbox.path)) opens")] + FileChecks.key(KeySource.file(arguments))
                + (try opened(outbox, configuration?.sender.guard, listen: listen))
        } catch {
            return [Finding(.problem, "server", TerminalText.text(Program.message(of: error)))]
        }
    }

    private static func opened(_ outbox: Outbox, _ egress: EgressGuard?, listen: ListenArguments?) throws -> [Finding] {
        let topology = try outbox.topology()
        let endpoints = topology.endpoints.filter { $0.state != .removed }
        var findings = [
            Finding(
                .ok,
                "topology",
                "\(HumanText.count(topology.nodes.count, "node")), \(HumanText.count(endpoints.count, "endpoint"))"
            )
        ]
        if let egress { findings += refused(endpoints, egress) }
        findings += try CredentialChecks.all(outbox, held: [:])
        findings += SecretChecks.certificates(try outbox.clientCertificates(), at: SystemClock().now())
        if let listen, listen.isOpenToStrangers, try outbox.accessKeys().isEmpty {
            findings.append(
                Finding(
                    .problem,
                    "listen",
                    "other machines could connect, and there is no key yet; make one with posthorn key create, or listen on 127.0.0.1 or unix:PATH"
                )
            )
        }
        return findings
    }

    /// Endpoints of which it is known beforehand that no request reaches them.
    static func refused(_ endpoints: [StoredEndpoint], _ egress: EgressGuard) -> [Finding] {
        endpoints.compactMap { endpoint in
            guard let url = try? EndpointURL(endpoint.settings.url) else { return nil }
            if egress.proxy != nil {
                return egress.refusal(of: url).map {
                    Finding(.warn, "endpoint", "\(TerminalText.text(endpoint.settings.id)): \($0)")
                }
            }
            guard let address = NetworkAddress(url.host) else { return nil }
            let reason: String
            switch egress.verdict(address: address, isPlainHTTP: url.isPlainHTTP) {
            case .permitted: return nil
            case .forbiddenAddress: reason = "an address that is not public"
            case .plainHTTP: reason = "an address over plain http"
            }
            return Finding(
                .warn,
                "endpoint",
                "\(TerminalText.text(endpoint.settings.id)) is at \(reason) (\(url.host)), which run refuses unless --allow opens its range"
            )
        }
    }

    private static func certificates(_ caFile: String?) -> [Finding] {
        // One that is named and will not do is a problem of the settings already.
        if let caFile { return CertificateFile.problem(caFile) == nil ? [Finding(.ok, "certificates", TerminalText.text(caFile))] : [] }
        return [MachineChecks.certificateAuthorities(CertificateFile.usual, problem: CertificateFile.problem(CertificateFile.usual))]
    }

    /// What the mail server says to a visit without a mail.
    static func mail(_ result: MailResult, _ server: String) -> Finding {
        let name = TerminalText.text(server)
        switch result {
        case .sent: return Finding(.ok, "mail", "\(name) answers, and would take a mail")
        case .temporary(let reason):
            return Finding(.problem, "mail", "\(name): \(TerminalText.text(reason)); check the address and the server")
        case .permanent(let reason), .unusable(let reason):
            return Finding(.problem, "mail", "\(name): \(TerminalText.text(reason)); check --smtp, its password and --ca-file")
        }
    }
}
