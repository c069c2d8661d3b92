import PosthornText
import Posthorn
import PosthornModel

/// `posthorn rekey --new-key-file FILE`
enum RekeyCommand: Command {
    static let specification = CommandSpecification(
        name: "rekey",
        summary: "seal all credentials with a new key in place of the one they are sealed with",
        flags: [.init("new-key-file", "FILE", "required: the new key; make one with openssl rand -hex 32")],
        details: [
            "The key until now comes as for every command, from --key-file or the environment. Credentials and fixed headers of all"
                + "\nendpoints are sealed again in one transaction: all of them, or none if any opens with neither key. Stop posthorn run before, and"
                + "\nstart it with the new key afterwards; rekey refuses to work while it runs.",
            "rekey is atomic: if it is interrupted, give the same command again, with both keys. What was"
                + "\nrotated stays so. Backups from before open with the old key only. If someone else may have that, rotate the secrets too.",
            "With --json: one object with endpoints, the count of those that are sealed with the new key.",
        ],
        examples: ["posthorn rekey --key-file posthorn.key --new-key-file posthorn-2.key"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        guard let file = arguments.text("new-key-file") else {
            throw UsageProblem("--new-key-file is missing; make a key with: openssl rand -hex 32 > FILE", command: context.command)
        }
        let key = try KeySource.read(file, "--new-key-file")
        if try KeySource.key(arguments) == key {
            throw InputProblem(
                .conflict,
                field: "--new-key-file",
                value: file,
                reason: "holds the key that is given as the present one; make a new one with: openssl rand -hex 32"
            )
        }
        let count = try context.withOutbox(replacingKeyBy: key) { try $0.sealAnew() }
        if context.json {
            var line = JSONLine()
            line.add("endpoints", count)
            context.output.write(line)
        } else {
            context.output.write(
                "the credentials of \(HumanText.count(count, "endpoint")) are sealed with the new key; give it to every posthorn command from now on\n"
            )
        }
        return 0
    }
}
