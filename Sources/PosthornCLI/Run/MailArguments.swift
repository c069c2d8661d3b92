import Glibc
import Posthorn
import PosthornModel
import PosthornMail
import PosthornText

/// The flags of `run` that say how mails about exhausted deliveries are sent.
enum MailArguments {
    static let flags: [CommandSpecification.Flag] = [
        .init("smtp", "URL", "send mails about exhausted deliveries through this server: smtps://user@host or smtp://user@host:587"),
        .init("mail-from", "ADDRESS", "with --smtp: who sends the mails"),
        .init("mail-operator", "ADDRESS", "with --smtp: who is told, too, of endpoints that will be disabled or are"),
        .init(
            "mail-limit",
            "N",
            "with --smtp: mails that one address gets in an hour, 1 to 1000 (default \(MailConfiguration.usualMailsPerHour))"
        ),
        .init("smtp-password-file", "FILE", "the password of --smtp's user, in the first line (default: $POSTHORN_SMTP_PASSWORD)"),
        .init("smtp-allow-plain", "hand mails and the password over in clear text where the server offers no STARTTLS"),
    ]

    static let details =
        "When the last attempt of a delivery fails, a mail is queued for the notification_contact of the endpoint's node or of the"
        + "\nnearest node above it. With --smtp the engine sends it: the first at once, further ones of the same endpoint collected in"
        + "\none mail an hour. Contacts take turns, and one gets --mail-limit mails an hour at most: the last of them has all that waits for it,"
        + "\none line an endpoint. A mail that cannot be handed in is tried again after 1 minute, 10 minutes, 1 hour and then hourly, for"
        + "\nthree days; one that the server refuses for good is shown by status and doctor. Without --smtp the mails wait in the outbox,"
        + "\none for each endpoint, until a run has it or prune deletes their deliveries. --until-settled tries every waiting mail once."

    static let variable = "POSTHORN_SMTP_PASSWORD"

    /// The configuration that the flags ask for; `nil` without `--smtp`.
    /// - Parameter command: Whose help says more.
    static func configuration(
        _ arguments: ParsedArguments,
        command: String = "run",
        environment: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }
    ) throws(UsageProblem) -> MailConfiguration? {
        do throws(UsageProblem) { return try read(arguments, environment) } catch {
            throw UsageProblem(error.message, command: command)
        }
    }

    private static func read(
        _ arguments: ParsedArguments,
        _ environment: (String) -> String?
    ) throws(UsageProblem) -> MailConfiguration? {
        guard let url = arguments.text("smtp") else {
            for flag in flags.map(\.name).dropFirst() where arguments.isGiven(flag) {
                throw problem("--\(flag) needs --smtp, the server to send through")
            }
            return nil
        }
        guard let sender = arguments.text("mail-from") else {
            throw problem("\(arguments.label("smtp")) needs --mail-from, the address that mails come from")
        }
        let from: MailAddress
        do throws(InputProblem) { from = try MailAddress(sender) } catch {
            throw problem("\(arguments.label("mail-from")): \(error)")
        }
        let hasUser = url.utf8.split(separator: UInt8(ascii: "/")).last?.contains(UInt8(ascii: "@")) ?? false
        // A variable that is set for other runs is no reason to refuse a server without a login.
        let secret = try PasswordFile.password(arguments, flag: "smtp-password-file", hasUser ? environment(variable) : nil)
        if hasUser && secret == nil {
            throw problem(
                "\(arguments.label("smtp")) names a user, whose password is missing; set \(variable) or give --smtp-password-file FILE"
            )
        }
        let limit = try arguments.integer("mail-limit", 1...1000)
        do throws(InputProblem) {
            let server = try MailServer(
                url,
                password: secret,
                encryption: arguments.has("smtp-allow-plain") ? .optional : .required,
                caFile: arguments.text("ca-file")
            )
            var configuration = MailConfiguration(from: from, server: server)
            configuration.operatorAddress = try operatorAddress(arguments)
            configuration.mailsPerHour = limit ?? MailConfiguration.usualMailsPerHour
            return configuration
        } catch {
            throw problem("\(arguments.label("smtp")): \(error)")
        }
    }

    private static func operatorAddress(_ arguments: ParsedArguments) throws(InputProblem) -> MailAddress? {
        guard let text = arguments.text("mail-operator") else { return nil }
        do throws(InputProblem) { return try MailAddress(text) } catch { throw error.at("--mail-operator") }
    }

    private static func problem(_ message: String) -> UsageProblem { UsageProblem(message) }
}
