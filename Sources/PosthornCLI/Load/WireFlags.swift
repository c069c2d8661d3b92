import PosthornLab
import PosthornModel
import PosthornText
import PosthornSending

/// The flags of `posthorn load` that say how its requests go on the wire.
enum WireFlags {
    /// - Throws: Which of them is wrong, or excludes another.
    static func options(_ arguments: ParsedArguments, _ command: String) throws -> WireOptions {
        if arguments.has("insecure"), arguments.isGiven("ca-file") {
            throw UsageProblem("--insecure and --ca-file exclude each other: no certificate is checked with --insecure", command: command)
        }
        var options = WireOptions()
        options.keepsConnections = !arguments.has("close-connections")
        options.resumesSessions = !arguments.has("full-handshakes")
        options.verifiesCertificates = !arguments.has("insecure")
        options.caFile = options.verifiesCertificates ? try EndpointCalls.caFile(arguments) : nil
        options.method = try method(arguments, command)
        return options
    }

    private static func method(_ arguments: ParsedArguments, _ command: String) throws(UsageProblem) -> String? {
        guard let name = arguments.text("method") else { return nil }
        let letters = name.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "-") }
        guard letters, (1...32).contains(name.utf8.count) else {
            throw UsageProblem(
                "--method: \"\(InputProblem.printable(name))\" is no method; write it in capitals, such as PUT",
                command: command
            )
        }
        if name == "HEAD" || name == "CONNECT" {
            throw UsageProblem("--method: \(name) has answers of its own kind, which a load cannot judge; take another", command: command)
        }
        return name
    }

    /// The headers of `--header`, each checked as those of a topology file are.
    static func headers(_ arguments: ParsedArguments, _ command: String) throws(UsageProblem) -> [EndpointSettings.Header] {
        var headers: [EndpointSettings.Header] = []
        for (i, line) in arguments.all("header").enumerated() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw UsageProblem("--header: number \(i + 1) has no colon; write it as 'Name: value'", command: command)
            }
            let value = String(parts[1].drop { $0 == " " || $0 == "\t" })
            let name = parts[0].lowercased()
            do throws(InputProblem) { try HeaderRules.check(name: name, value: value, field: "header") } catch {
                throw UsageProblem("--\(error)", command: command)
            }
            headers.append(.init(name: name, value: value))
        }
        return headers
    }
}
