import Glibc
import PosthornModel
import PosthornSending
import PosthornText

/// The flags that say how requests leave this machine: which addresses they may reach, and through what.
enum OutboundArguments {
    static let flags: [CommandSpecification.Flag] = [
        .init("proxy", "URL", "send all requests through this proxy: http://[user@]host:port (CONNECT) or socks5h://[user@]host:port"),
        .init("proxy-password-file", "FILE", "the password of --proxy's user, in the first line (default: $POSTHORN_PROXY_PASSWORD)"),
        .init("source-address", "ADDRESS", "send requests from this address of the machine; one of IPv4, of IPv6, or both with a comma"),
    ]

    static let details =
        "With --proxy the proxy resolves names: the guard then judges the names and literal addresses of URLs alone, and what a name leads to"
        + "\nis for the proxy's own rules. A proxy that is not there or refuses uses up no attempts. Mails do not go through it. With"
        + "\n--source-address of one kind alone no receiver of the other kind is reached."

    static let variable = "POSTHORN_PROXY_PASSWORD"

    /// The guard that the flags ask for.
    static func egress(
        _ arguments: ParsedArguments,
        hasAllow: Bool = true,
        environment: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }
    ) throws(UsageProblem) -> EgressGuard {
        var egress = EgressGuard(allow: hasAllow ? try arguments.ranges("allow") : [])
        egress.proxy = try proxy(arguments, environment)
        if let text = arguments.text("source-address") {
            do throws(InputProblem) { egress.source = try SourceAddress(text) } catch {
                throw UsageProblem("\(arguments.label("source-address")): \(error)", command: arguments.command)
            }
        }
        return egress
    }

    private static func proxy(
        _ arguments: ParsedArguments,
        _ environment: (String) -> String?
    ) throws(UsageProblem) -> OutboundProxy? {
        guard let url = arguments.text("proxy") else {
            if arguments.isGiven("proxy-password-file") {
                throw UsageProblem("--proxy-password-file needs --proxy, the proxy to send through", command: arguments.command)
            }
            return nil
        }
        let hasUser = url.utf8.split(separator: UInt8(ascii: "/")).last?.contains(UInt8(ascii: "@")) ?? false
        let password = try PasswordFile.password(arguments, flag: "proxy-password-file", hasUser ? environment(variable) : nil)
        do throws(InputProblem) { return try OutboundProxy(url, password: password) } catch {
            throw UsageProblem("\(arguments.label("proxy")): \(error)", command: arguments.command)
        }
    }

    /// What the guard does otherwise than it would without these flags, for people; empty where it does not.
    static func sentences(_ egress: EgressGuard) -> [(check: String, text: String)] {
        var sentences: [(String, String)] = []
        if let proxy = egress.proxy {
            let text = "requests go through \(proxy), which resolves names: of a URL its name or literal address alone is judged here"
            sentences.append(("proxy", text))
        }
        if let source = egress.source { sentences.append(("source address", "requests leave from \(source)")) }
        return sentences
    }
}

/// A password in the first line of a file that a flag names.
enum PasswordFile {
    private static let limitBytes = 4096

    /// - Parameter otherwise: The password where no file is named.
    static func password(_ arguments: ParsedArguments, flag: String, _ otherwise: String?) throws(UsageProblem) -> String? {
        guard let file = arguments.text(flag) else { return otherwise.flatMap { $0.isEmpty ? nil : $0 } }
        let bytes: [UInt8]
        do throws(InputFileProblem) { bytes = try InputFile(file).contents(limitBytes: limitBytes) } catch {
            throw UsageProblem("\(arguments.label(flag)): \(error)")
        }
        if let kind = ForeignText.kind(of: bytes), bytes.first != UInt8(ascii: "{"), bytes.first != UInt8(ascii: "[") {
            throw UsageProblem("\(arguments.label(flag)): \(TerminalText.text(file)) \(kind); it holds the password alone")
        }
        let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
        guard !line.isEmpty, let text = String(validating: line, as: UTF8.self) else {
            throw UsageProblem("\(arguments.label(flag)): the first line of \(TerminalText.text(file)) holds no password")
        }
        return text
    }
}
