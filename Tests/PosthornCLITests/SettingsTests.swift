import PosthornModel
import PosthornTestSupport
import Testing

@testable import PosthornCLI

/// Flags from the environment and the settings file. A flag goes before its variable, and that before the file.
@Suite struct SettingsTests {
    private let folder: PosthornProcess

    init() throws { folder = try PosthornProcess() }

    private func file(_ text: String) -> String { folder.write(text, to: "settings.json") }

    private func arguments(_ words: [String], _ environment: [String: String], _ specification: CommandSpecification) throws
        -> ParsedArguments
    {
        try ParsedArguments(words, for: specification).addingSettings(
            of: specification,
            known: Program.commands.flatMap { $0.specification.settingFlags }
        ) { environment[$0] }
    }

    private func run(_ words: [String], _ environment: [String: String] = [:]) throws -> ParsedArguments {
        try arguments(words, environment, RunCommand.specification)
    }

    @Test func aFlagGoesBeforeAVariableAndThatBeforeTheFile() throws {
        let settings = file(#"{"allow": ["10.0.0.0/8", "127.0.0.0/8"], "ca_file": "file.pem", "log": "json", "threads": 2, "db": "f.db"}"#)
        let environment = ["POSTHORN_SETTINGS": settings, "POSTHORN_CA_FILE": "variable.pem", "POSTHORN_ALLOW": "::1/128, 192.168.0.0/16"]
        let all = try run([], environment)
        #expect(all.all("allow") == ["::1/128", "192.168.0.0/16"] && all.label("allow") == "POSTHORN_ALLOW")
        #expect(all.text("ca-file") == "variable.pem" && !all.isGiven("ca-file"))
        #expect(all.text("log") == "json" && all.label("log").hasPrefix("log in ") && all.text("threads") == "2")
        #expect(all.text("db") == "f.db")
        let given = try run(["--ca-file", "flag.pem", "--allow", "10.1.0.0/16"], environment)
        #expect(given.text("ca-file") == "flag.pem" && given.label("ca-file") == "--ca-file" && given.isGiven("ca-file"))
        #expect(given.all("allow") == ["10.1.0.0/16"])
        // The flag that names the file, before its variable.
        #expect(try run(["--settings", settings], ["POSTHORN_SETTINGS": "/nonexistent"]).text("log") == "json")
        // What is empty counts as not set.
        #expect(try run([], ["POSTHORN_SETTINGS": settings, "POSTHORN_LOG": ""]).text("log") == "json")
    }

    @Test func aCommandTakesOnlyItsOwnSettings() throws {
        let settings = file(#"{"allow": "10.0.0.0/8", "smtp": "smtp://host", "mail_from": "a@b.example"}"#)
        let status = try arguments([], ["POSTHORN_SETTINGS": settings, "POSTHORN_ALLOW": "::1/128"], StatusCommand.specification)
        #expect(!status.has("allow") && !status.has("smtp"))
        #expect(try arguments(["crm"], ["POSTHORN_ALLOW": "::1/128"], EndpointTestCommand.specification).all("allow") == ["::1/128"])
        // What belongs to --smtp is no mistake where there is none.
        #expect(try MailArguments.configuration(run([], ["POSTHORN_MAIL_FROM": "a@b.example"])) == nil)
    }

    @Test func theLabTakesItsOwnSettingsAndStartsNothingForThem() throws {
        let environment = [
            "POSTHORN_CA_FILE": "ca.pem", "POSTHORN_SMTP": "smtp://host", "POSTHORN_MAIL_FROM": "a@b.example", "POSTHORN_DB": "real.db",
            "POSTHORN_I_OWN_THIS_HOST": "staging.example other.example", "POSTHORN_TLS_CERT": "cert.pem", "POSTHORN_TLS_KEY": "key.pem",
            "POSTHORN_THREADS": "7",
        ]
        let load = try arguments(["http://127.0.0.1/"], environment, LoadCommand.specification)
        #expect(load.text("ca-file") == "ca.pem" && !load.has("threads") && load.all("i-own-this-host").count == 2)
        let simulate = try arguments(["weseedo", "http://127.0.0.1/"], environment, SimulateCommand.specification)
        #expect(simulate.text("ca-file") == "ca.pem" && !simulate.has("db"))
        // Mails go out only where this run asks for them; then the rest may come from the settings.
        #expect(try !simulate.has("smtp") && MailArguments.configuration(simulate) == nil)
        let words = ["weseedo", "http://127.0.0.1/", "--smtp", "smtp://127.0.0.1:25", "--smtp-allow-plain"]
        #expect(try MailArguments.configuration(arguments(words, environment, SimulateCommand.specification)) != nil)
        let receive = try arguments([], environment, ReceiveCommand.specification)
        #expect(receive.text("tls-cert") == "cert.pem" && receive.text("tls-key") == "key.pem" && !receive.has("db"))
        // For the receiver that it passes requests on to.
        #expect(receive.text("ca-file") == "ca.pem")
        // Hosts that other runs call, and flags that say nothing in a mode, are no mistakes when they come from the settings.
        try LabTarget.refuseStrangers(load, hosts: ["127.0.0.1"])
        #expect(throws: UsageProblem.self) {
            let given = try arguments(["http://127.0.0.1/", "--i-own-this-host", "x"], [:], LoadCommand.specification)
            try LabTarget.refuseStrangers(given, hosts: ["y"])
        }
        #expect(try SimulateMode(arguments(["weseedo", "--out", "-"], environment, SimulateCommand.specification)) == .write)
        let insecure = try arguments(["http://x/", "--insecure"], environment, LoadCommand.specification)
        // The file is not there, and not looked at.
        #expect(throws: Never.self) { _ = try WireFlags.options(insecure, "load") }
    }

    @Test func anUnknownVariableIsNamedWithTheOneThatIsMeant() {
        let settings = Program.commands.flatMap { $0.specification.settingFlags }
        let names = [
            "POSTHORN_CAFILE", "POSTHORN_SERVICE_HOST", "POSTHORN_SERVICE_PORT", "POSTHORN_PORT_80_TCP_ADDR", "POSTHORN_DB", "POSTHORN_KEY",
            "POSTHORN_SMTP_PASSWORD", "POSTHORN_SETTINGS", "POSTHORN_DUMPABLE", "PATH", "posthorn_db", "POSTHORN_COLOUR",
        ]
        let warnings = UnknownVariables.warnings(names, settings)
        #expect(warnings.count == 2)
        #expect(warnings.first == "the variable POSTHORN_CAFILE is not known and has no effect; did you mean POSTHORN_CA_FILE?")
        #expect(warnings.last?.hasPrefix("the variable POSTHORN_COLOUR is not known and has no effect; known are POSTHORN_ALLOW, ") == true)
    }

    @Test func anUnknownVariableIsWarnedOfAndStopsNothing() throws {
        let result = try folder.run(["receive", "--port", "x"], environment: ["POSTHORN_TLSCERT": "x"])
        #expect(result.status == 2)
        #expect(result.errorLines.first?.hasSuffix("did you mean POSTHORN_TLS_CERT?") == true)
        #expect(try folder.run(["--version"], environment: ["POSTHORN_TLSCERT": "x"]).errors == "")
    }

    @Test func aSecretInAVariableGoesBeforeAFileThatIsNotGiven() throws {
        let settings = file(#"{"key_file": "file.key", "smtp_password_file": "file.password"}"#)
        let environment = ["POSTHORN_SETTINGS": settings, "POSTHORN_KEY": "5a", "POSTHORN_SMTP_PASSWORD": "x"]
        #expect(try !run([], environment).has("key-file") && !run([], environment).has("smtp-password-file"))
        #expect(try run(["--key-file", "flag.key"], environment).text("key-file") == "flag.key")
        #expect(try run([], ["POSTHORN_SETTINGS": settings]).text("key-file") == "file.key")
    }

    @Test func aFlagWithoutAValueIsSwitchedOnAndOff() throws {
        let settings = file(#"{"smtp_allow_plain": true}"#)
        #expect(try run([], ["POSTHORN_SETTINGS": settings]).has("smtp-allow-plain"))
        #expect(try !run([], ["POSTHORN_SETTINGS": settings, "POSTHORN_SMTP_ALLOW_PLAIN": "0"]).has("smtp-allow-plain"))
        #expect(try run([], ["POSTHORN_SMTP_ALLOW_PLAIN": "1"]).has("smtp-allow-plain"))
        #expect(throws: UsageProblem.self) { try run([], ["POSTHORN_SMTP_ALLOW_PLAIN": "perhaps"]) }
    }

    @Test(arguments: [
        (#"{"alow": []}"#, "settings.json: alow: is not known here; did you mean \"allow\"?"),
        (#"{"allow": {}}"#, "settings.json: allow: must be"), (#"{"log": ["json"]}"#, "settings.json: log: must be a string or a number"),
        (#"{"smtp_allow_plain": "yes"}"#, "must be true or false, not a string"), (#"[]"#, "must be an object of settings, not an array"),
        (#"{"#, "not valid JSON"), ("\u{FEFF}{}", "byte order mark"),
    ])
    func aBadFileIsNamedWithItsSetting(_ text: String, _ words: String) throws {
        let settings = file(text)
        do {
            _ = try run([], ["POSTHORN_SETTINGS": settings])
            Issue.record("it was taken")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
        }
    }

    @Test func aBadValueIsNamedByWhereItIsFrom() throws {
        let settings = file(#"{"threads": 1000, "allow": ["nonsense"]}"#)
        let all = try run([], ["POSTHORN_SETTINGS": settings, "POSTHORN_LOG_LEVEL": "loud"])
        for (words, read) in [
            ("threads in ", { _ = try all.integer("threads", 1...64) }), ("allow in ", { _ = try all.ranges("allow") }),
            ("POSTHORN_LOG_LEVEL: \"loud\"", { _ = try all.choice("log-level", LogRecord.Level.self) }),
        ] as [(String, () throws -> Void)] {
            do {
                try read()
                Issue.record("it was taken")
            } catch {
                #expect("\(error)".hasPrefix(words), "\(error)")
            }
        }
    }

    /// Every variable that a help text names is one that is read.
    @Test func eachSettingBelongsToAFlag() {
        for command in Program.commands {
            let specification = command.specification
            let names = Set(specification.allFlags.map(\.name))
            for name in specification.settings { #expect(names.contains(name), "\(specification.name): \(name)") }
        }
    }
}
