import PosthornModel

/// `posthorn manual`
enum ManualCommand: Command {
    static let specification = CommandSpecification(
        name: "manual",
        summary: "print the manual page posthorn(1)",
        usesOutbox: false,
        details: ["It has every command with its flags, made from what this program understands, in the language of man(7)."],
        examples: ["posthorn manual > /usr/local/share/man/man1/posthorn.1", "posthorn manual | man -l -"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        context.output.write(ManualPage.text(Program.commands.map { $0.specification }))
        return 0
    }
}
