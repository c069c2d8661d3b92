import Glibc
import Posthorn
import PosthornModel
import PosthornStore
import PosthornSystem

/// The `posthorn` command: finds the subcommand, runs it, and turns whatever goes wrong into one line.
@main
enum Program {
    /// Every command, in the order of the help.
    static var commands: [any Command.Type] {
        [
            ApplyCommand.self, EmitCommand.self, RunCommand.self, StatusCommand.self, DeliveriesCommand.self, EventCommand.self,
            AttemptsCommand.self, ExplainCommand.self, RetryCommand.self, ResendCommand.self, CancelCommand.self, LanesCommand.self,
            SkipCommand.self, ReplayCreateCommand.self,
            ReplayListCommand.self, ReplayShowCommand.self, ReplayCancelCommand.self, TopologyCommand.self,
            NodeListCommand.self, NodeRemoveCommand.self, EndpointListCommand.self, EndpointShowCommand.self,
            EndpointRemoveCommand.self, EndpointEnableCommand.self, EndpointDisableCommand.self, EndpointVerifyCommand.self,
            EndpointRotateCommand.self, EndpointTestCommand.self, AskCommand.self, KeyCreateCommand.self, KeyListCommand.self,
            KeyRevokeCommand.self, ReceiveCommand.self, SimulateCommand.self, LoadCommand.self, LoadCompareCommand.self,
            LoadMergeCommand.self, CheckCommand.self,
            PruneCommand.self, BackupCommand.self,
            RestoreCommand.self, MigrateStoreCommand.self, RekeyCommand.self, DoctorCommand.self,
            CompletionsCommand.self, ManualCommand.self, VersionCommand.self,
        ]
    }

    /// The settings of all commands.
    static var settings: [CommandSpecification.Flag] { commands.flatMap { $0.specification.settingFlags } }

    /// Set to anything, it lets a debugger attach and core dumps be written, which hold whatever secrets are in use.
    static let dumpableVariable = "POSTHORN_DUMPABLE"

    static func main() {
        Descriptor.occupyStandardOnes()
        AddressSpaceLimit.makeDo()
        // A reader of our output that went away shows as an error of write, not as the end of the process.
        signal(SIGPIPE, SIG_IGN)
        if getenv(dumpableVariable) == nil { ProcessMemory.forbidDumps() }
        // Swift reads the words from there. Without them every command line would look like a request for help, which succeeds.
        if CommandLine.arguments.isEmpty {
            ErrorOutput.lastLine(
                "posthorn: the command line can't be read, because /proc is not mounted; mount it (mount -t proc proc /proc)"
            )
            exit(1)
        }
        exit(run(Array(CommandLine.arguments.dropFirst()), output: Output()))
    }

    /// Runs a command line.
    /// - Returns: The exit status: 0 done, 1 failed, 2 not understood.
    static func run(_ words: [String], output: Output) -> Int32 {
        do {
            let status = try dispatch(CommandLineWords(words), output)
            output.flush()
            return status
        } catch {
            output.flush()
            ErrorOutput.lastLine("posthorn: \(TerminalText.text(message(of: error)))")
            return error is UsageProblem ? 2 : 1
        }
    }

    /// One line for any error.
    static func message(of error: any Error) -> String { RemedyText.line(error) }

    private static func dispatch(_ line: CommandLineWords, _ output: Output) throws -> Int32 {
        switch line.request {
        case .version:
            output.write("posthorn \(PosthornVersion.text)\n")
            return 0
        case .programHelp:
            output.write(HelpText.program(commands.map { $0.specification }))
            return 0
        case .groupHelp(let word):
            output.write(HelpText.group(word, commands.map { $0.specification }.filter { $0.name.hasPrefix(word + " ") }))
            return 0
        case .problem(let problem): throw problem
        case .command(let index, let words):
            let command = commands[index]
            let given = try ParsedArguments(words, for: command.specification)
                .adding("db", line.database)
                .adding("json", line.json ? "" : nil)
            if given.has("help") {
                output.write(HelpText.command(command.specification))
                return 0
            }
            for warning in UnknownVariables.warnings(UnknownVariables.names(), settings) { ErrorOutput.line("posthorn: \(warning)") }
            let arguments = try given.addingSettings(of: command.specification, known: settings)
            return try command.run(arguments, Context(arguments, command.specification, output))
        }
    }
}

/// One of posthorn's commands.
protocol Command: Sendable {
    /// What it takes and what its help says.
    static var specification: CommandSpecification { get }

    /// Runs it.
    /// - Returns: The exit status.
    /// - Throws: What went wrong; it is printed as one line. A ``UsageProblem`` ends with status 2, all else with 1.
    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32
}

/// What a command works with.
struct Context {
    let output: Output
    /// Whether lists are for programs.
    let json: Bool
    /// The outbox's file, or the address of the server that has it.
    let databasePath: String
    /// Whether it is on a server.
    var isOnServer: Bool { DatabaseServer.isMeant(by: databasePath) }
    /// The command's name, for problems of usage.
    let command: String
    /// What the command line says.
    private let arguments: ParsedArguments

    init(_ arguments: ParsedArguments, _ specification: CommandSpecification, _ output: Output) throws(UsageProblem) {
        self.output = output
        self.arguments = arguments
        json = arguments.has("json")
        command = specification.name
        databasePath = arguments.text("db") ?? "posthorn.db"
        if databasePath.isEmpty { throw UsageProblem("--db: the file's name is empty", command: command) }
    }

    /// Opens the outbox, with the key if one is given.
    /// - Parameter newKey: A key that takes the place of the given one.
    func openOutbox(creating: Bool = true, replacingKeyBy newKey: OutboxKey? = nil) throws -> Outbox {
        let key = try KeySource.key(arguments)
        if isOnServer {
            return try DatabaseServer.open(databasePath, creating: creating, key: newKey ?? key, replacing: newKey == nil ? nil : key)
        }
        return try Outbox(path: databasePath, creating: creating, key: newKey ?? key, replacing: newKey == nil ? nil : key)
    }

    /// Opens the outbox for a command that only reads it: also for a user that may do no more, and whatever the environment says
    /// of a key, which only opens what a list does not show.
    func openToRead() throws -> Outbox {
        let key = arguments.text("key-file") == nil ? try? KeySource.key(arguments) : try KeySource.key(arguments)
        if isOnServer { return try DatabaseServer.open(databasePath, creating: false, key: key) }
        return try Outbox(path: databasePath, creating: false, key: key, readOnly: !FileChecks.canBeWritten(databasePath))
    }

    /// What is wrong with the key that was given, in words; `nil` when all is well or none was.
    var keyProblem: String? {
        do {
            _ = try KeySource.key(arguments)
            return nil
        } catch {
            return Program.message(of: error)
        }
    }

    /// Opens the outbox for a command that only reads it, gives it to `body`, and closes it.
    func withOutboxToRead<Result>(_ body: (Outbox) throws -> Result) throws -> Result {
        try refuseMissing()
        let outbox = try openToRead()
        defer { outbox.close() }
        return try body(outbox)
    }

    /// Refuses to go on where there is no file.
    func refuseMissing() throws(OutboxProblem) {
        // A server is asked when the outbox is opened.
        if isOnServer || access(databasePath, F_OK) == 0 { return }
        let flag = command == RunCommand.specification.name ? " or --create" : ""
        throw OutboxProblem(
            .access,
            "there is no outbox \(databasePath); name it with --db or POSTHORN_DB, or make it with posthorn apply\(flag)"
        )
    }

    /// Opens the outbox, gives it to `body`, and closes it.
    /// - Parameters:
    ///   - creating: Whether a missing one is made. Elsewhere a mistyped name would look like an outbox without events.
    ///   - newKey: A key that takes the place of the given one.
    func withOutbox<Result>(
        creating: Bool = false,
        replacingKeyBy newKey: OutboxKey? = nil,
        _ body: (Outbox) throws -> Result
    ) throws -> Result {
        if !creating { try refuseMissing() }
        let outbox = try openOutbox(creating: creating, replacingKeyBy: newKey)
        defer { outbox.close() }
        let result = try body(outbox)
        if let subject = NotedCommands.subject(command, arguments) { outbox.noteCommand(command, subject: subject) }
        return result
    }
}
