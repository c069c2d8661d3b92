import PosthornModel
import PosthornText
import PosthornSystem
import Testing

@testable import PosthornCLI

@Suite struct ArgumentTests {
    private let command = CommandSpecification(
        name: "try",
        summary: "",
        positionals: [.init(name: "FILE", count: .one, summary: "a file")],
        flags: [.init("limit", "N", "how many"), .init("allow", "CIDR", isRepeatable: true, "a range"), .init("prune", "remove")],
        examples: []
    )

    private func message(_ words: String...) -> String {
        do throws(UsageProblem) {
            _ = try ParsedArguments(words, for: command)
            return ""
        } catch { return error.message }
    }

    @Test func aValueStandsBehindItsFlagOrBehindAnEqualsSign() throws {
        for words in [["f", "--limit", "3"], ["f", "--limit=3"], ["--limit", "3", "f"]] {
            let parsed = try ParsedArguments(words, for: command)
            #expect(parsed.text("limit") == "3")
            #expect(parsed.positionals == ["f"])
        }
    }

    @Test func aRepeatableFlagKeepsAllItsValuesInOrder() throws {
        let parsed = try ParsedArguments(["--allow", "10.0.0.0/8", "f", "--allow=::1"], for: command)
        #expect(parsed.all("allow") == ["10.0.0.0/8", "::1"])
    }

    @Test func afterTwoDashesNothingIsAFlag() throws {
        #expect(try ParsedArguments(["--", "--limit"], for: command).positionals == ["--limit"])
    }

    @Test func aSingleDashIsAFileName() throws {
        #expect(try ParsedArguments(["-"], for: command).positionals == ["-"])
    }

    @Test func mistakesAreNamedWithTheirRemedy() {
        #expect(message("f", "--limt", "3") == "unknown flag --limt (did you mean --limit?)")
        #expect(message("f", "--limit") == "--limit needs a value: --limit N")
        #expect(message("f", "--limit", "--prune") == "--limit needs a value: --limit N")
        #expect(message("f", "--limit", "1", "--limit", "2") == "--limit is given twice; give it once")
        #expect(message("f", "--prune=yes") == "--prune takes no value; leave \"=yes\" out")
        #expect(message() == "FILE is missing: a file")
        #expect(message("f", "g") == "\"g\" is one argument too many; leave it out")
        #expect(message("f", "-x") == "unknown flag -x")
    }

    @Test func helpNeedsNothingElse() throws { #expect(try ParsedArguments(["--help"], for: command).has("help")) }

    @Test func valuesOutOfRangeNameFlagValueAndRange() throws {
        let parsed = try ParsedArguments(["f", "--limit", "0"], for: command)
        let problem = UsageProblem("--limit: \"0\" must be a whole number from 1 to 9", command: "try")
        #expect(throws: problem) { try parsed.integer("limit", 1...9) }
    }

    @Test func aMomentIsATimeADateOrAnAge() throws {
        let now = Timestamp(iso8601: "2020-07-15T12:00:00Z")!
        func moment(_ text: String) throws -> String? {
            try ParsedArguments(["f", "--limit", text], for: command).moment("limit", before: now)?.description
        }
        #expect(try moment("2020-07-14T01:02:03Z") == "2020-07-14T01:02:03.000Z")
        #expect(try moment("2020-07-14") == "2020-07-14T00:00:00.000Z")
        #expect(try moment("2h") == "2020-07-15T10:00:00.000Z")
        #expect(throws: UsageProblem.self) { try moment("yesterday") }
    }

    @Test func theOutboxMayBeNamedBeforeTheCommand() {
        let line = CommandLineWords(["--db", "x.db", "--json", "endpoint", "list"])
        #expect(line.database == "x.db" && line.json)
        guard case .command(let index, let rest) = line.request else {
            Issue.record("no command found")
            return
        }
        #expect(Program.commands[index].specification.name == "endpoint list" && rest.isEmpty)
    }

    @Test(arguments: [
        (["disable", "crm"], "unknown command \"disable\" (did you mean posthorn endpoint disable?)"),
        (
            ["list"],
            "unknown command \"list\" (did you mean posthorn replay list or posthorn node list or posthorn endpoint list or posthorn key list?)"
        ),
        (["simulat"], "unknown command \"simulat\" (did you mean simulate?)"), (["xyzzy"], "unknown command \"xyzzy\""),
    ])
    func aWordOfAnotherCommandIsExplained(words: [String], message: String) {
        #expect(CommandLineWords(words).request == .problem(UsageProblem(message)))
    }

    @Test func aBadValueOfAnyFlagPointsToItsCommandsHelp() {
        for (words, flag) in [(["load", "http://127.0.0.1/"], "--seed"), (["receive"], "--port"), (["deliveries"], "--limit")] {
            let specification = Program.commands.first { $0.specification.name == words[0] }!.specification
            let parsed = try! ParsedArguments(Array(words.dropFirst()) + [flag, "many"], for: specification)
            #expect(throws: UsageProblem.self) { try parsed.integer(String(flag.dropFirst(2)), 0...1) }
            do { _ = try parsed.integer(String(flag.dropFirst(2)), 0...1) } catch {
                #expect("\(error)".hasSuffix("; see posthorn \(words[0]) --help"))
            }
        }
    }

    /// What the help of the program says of flags holds for the commands that it says it of.
    @Test func theProgramsHelpSaysWhichCommandsHaveItsFlags() {
        let specifications = Program.commands.map { $0.specification }
        let help = HelpText.program(specifications)
        let parts = help.split(separator: "Flags of every command")
        #expect(parts.count == 3 && !parts[1].contains("--db") && parts[2].contains("--db FILE") && parts[2].contains("--key-file FILE"))
        let without = specifications.filter { !$0.allFlags.contains { $0.name == "key-file" } }.map(\.name)
        #expect(
            without == [
                "receive", "simulate", "load", "load compare", "load merge", "check", "migrate-store", "completions", "manual", "version",
            ]
        )
        #expect(help.contains("which is all but \(without.joined(separator: ", ")):\n"))
    }

    @Test func everyCommandExplainsItsFlagsAndHasAnExample() throws {
        for command in Program.commands {
            let specification = command.specification
            #expect(!specification.examples.isEmpty)
            #expect(HelpText.command(specification).contains("Example"))
            for flag in specification.allFlags { #expect(HelpText.command(specification).contains("--\(flag.name)")) }
        }
    }
}
