import PosthornModel
import PosthornText

/// `posthorn completions`
enum CompletionsCommand: Command {
    static let specification = CommandSpecification(
        name: "completions",
        summary: "print a script that completes commands and flags in a shell",
        positionals: [.init(name: "SHELL", count: .one, summary: "bash, zsh or fish")],
        usesOutbox: false,
        details: [
            "It is made from what this program understands; make it again after an update. Put it where the shell looks for such scripts:"
                + "\nbash   /usr/share/bash-completion/completions/posthorn, or ~/.local/share/bash-completion/completions/posthorn"
                + "\nzsh    _posthorn in a folder of $fpath, such as /usr/local/share/zsh/site-functions/_posthorn"
                + "\nfish   ~/.config/fish/completions/posthorn.fish"
        ],
        examples: ["posthorn completions bash > ~/.local/share/bash-completion/completions/posthorn"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let name = arguments.positionals[0]
        guard let shell = CompletionScript.Shell(rawValue: name) else {
            let known = CompletionScript.Shell.allCases.map(\.rawValue)
            throw UsageProblem("SHELL: \(TerminalText.text(name)) \(Suggestion.refusal(of: name, among: known))", command: context.command)
        }
        context.output.write(CompletionScript(Program.commands.map { $0.specification }).text(shell))
        return 0
    }
}
