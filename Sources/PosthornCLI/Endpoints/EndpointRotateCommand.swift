import Posthorn
import PosthornModel
import PosthornText

/// `posthorn endpoint rotate ID`
enum EndpointRotateCommand: Command {
    static let specification = CommandSpecification(
        name: "endpoint rotate",
        summary: "replace an endpoint's secret or token, and print a generated one once",
        positionals: [.init(name: "ID", count: .one, summary: "the endpoint")],
        flags: [
            .init("name", "NAME", "which secret, where the endpoint's vendor file names several"),
            .init("secret-file", "FILE", "use the secret in this file instead of making one"),
            .init("secret-stdin", "read the secret from standard input"),
            .init("grace", "TIME", "how long the replaced secret signs too, such as 2h; 30d at most (default: 24h)"),
        ],
        details: [
            "Every attempt from now on uses the new secret, also those of deliveries that wait already. Webio gets a new token, signed"
                + "\nwith the secret it has unless one is given. Applying a topology file that still holds the replaced secret does not bring it"
                + "\nback.",
            "Where the format carries several signatures, the replaced secret signs too for --grace: Standard Webhooks, hmac with"
                + "\nprevious_value, and a vendor file with repeat. The others carry one: a receiver refuses requests until it has the new secret, and they are tried again by"
                + "\ntheir schedule. Let such a receiver take both first, or give it the new secret (--secret-file) at the same moment.",
            "Keys of pairs and of basic are not made here: give the new one with --secret-file.",
            "With --json: id, secret, public_key (for an ed25519 key), replaced_signs_until; null where there is none.",
        ],
        examples: ["posthorn endpoint rotate crm", "posthorn endpoint rotate crm --secret-file new-secret.txt --grace 7d"]
    )

    /// The largest file that can hold a secret.
    private static let secretLimitBytes = 65_536

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let id = arguments.positionals[0]
        let secret = try givenSecret(arguments)
        let grace = try arguments.milliseconds("grace")
        if let grace, grace > Outbox.graceLimitMilliseconds {
            throw UsageProblem("--grace may be 30d at most; give a shorter one", command: specification.name)
        }
        let rotation: SecretRotation
        do {
            rotation = try context.withOutbox {
                try $0.rotate(endpoint: id, name: arguments.text("name"), newSecret: secret, graceMilliseconds: grace)
            }
        } catch let problem as InputProblem where problem.field == "name" {
            throw problem.at("--name")
        }
        context.output.write(context.json ? JSONLine(rotation, of: id).text + "\n" : text(id, rotation, isGiven: secret != nil))
        return 0
    }

    /// The secret that the caller brings, without the line's end after it.
    private static func givenSecret(_ arguments: ParsedArguments) throws -> String? {
        let file = arguments.text("secret-file")
        if file != nil && arguments.has("secret-stdin") {
            throw UsageProblem("--secret-file and --secret-stdin exclude each other; give one", command: specification.name)
        }
        guard let source = file ?? (arguments.has("secret-stdin") ? "-" : nil) else { return nil }
        let input = try InputFile(source)
        var bytes = try input.contents(limitBytes: secretLimitBytes)
        if let mark = ForeignText.byteOrderMark(of: bytes) {
            throw InputProblem(field: "secret", reason: "in \(input.name): the file \(mark)")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty, let text = String(validating: bytes, as: UTF8.self) else {
            throw InputProblem(field: "secret", reason: "in \(input.name) is empty or not text; write it there, on one line")
        }
        return text
    }

    private static func text(_ id: String, _ rotation: SecretRotation, isGiven: Bool) -> String {
        let name = TerminalText.text(id)
        let grace =
            rotation.replacedSignsUntil.map { "The replaced one signs too until \($0).\n" } ?? oneSecretAlone(rotation, isGiven: isGiven)
        guard let shown = rotation.shownOnce else {
            let what = rotation.signature == .webioJWT ? "a new token" : "the given secret"
            return "endpoint \(name) uses \(what)\(isGiven && rotation.signature == .webioJWT ? " and the given secret" : "") "
                + "from the next attempt on\n" + grace
        }
        let what = rotation.showsPublicKey ? "public key of the new secret" : "new secret"
        return "The \(what) of endpoint \(name), shown this once, in use from the next attempt on:\n\(shown)\n" + grace
    }

    /// What to know where no format carries both.
    private static func oneSecretAlone(_ rotation: SecretRotation, isGiven: Bool) -> String {
        switch rotation.signature {
        // A token is checked by the secret, which stays.
        case .webioJWT where !isGiven, .none: return ""
        case .hmac:
            return "The replaced one does not sign any more, so a receiver without the new one refuses requests; with previous_value among "
                + "the credentials both sign for 24 hours.\n"
        default:
            return "This format carries one secret alone: a receiver that does not have the new one yet refuses requests, which are tried "
                + "again by their schedule.\n"
        }
    }
}
