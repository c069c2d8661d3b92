import PosthornModel
import PosthornText

/// A load as a JSON file: the flags of `posthorn load` by their names, with `_` for `-`.
///
/// `{"urls": {"http://127.0.0.1:9999/": 3, "http://127.0.0.1:9998/": 1}, "rate": ["50..500:30s", "500:2m"], "stop_if": "errors>5%"}`
struct LoadFile {
    /// For messages.
    let name: String
    /// The receivers with their shares, in the order of the file.
    private let targets: [(url: String, weight: String)]
    /// Values by flag.
    private let values: [String: [String]]

    static let flag = CommandSpecification.Flag("plan", "FILE", "the load from this file (JSON); what is on the command line goes first")

    /// The largest file.
    private static let limitBytes = 1 << 20
    /// What the file says otherwise, or cannot say.
    private static let others = [flag.name, "weights"]

    init(_ path: String) throws {
        let file = try InputFile(path)
        let bytes = try file.contents(limitBytes: Self.limitBytes)
        do throws(InputProblem) { (targets, values) = try Self.read(bytes) } catch {
            throw InputFileContentProblem(name: file.name, problem: error)
        }
        name = file.name
    }

    /// Reads a file's text.
    /// - Throws: What is wrong with it, by its member.
    static func read(
        _ bytes: [UInt8]
    ) throws(InputProblem) -> (targets: [(url: String, weight: String)], values: [String: [String]]) {
        let root: JSONValue
        do throws(JSONProblem) { root = try JSONValue.parse(bytes) } catch { throw InputProblem(field: "", reason: "\(error)") }
        guard case .object(let members) = root else {
            throw InputProblem(field: "", reason: "must be an object with the flags of posthorn load, not \(root.kindName)")
        }
        if root["url"] != nil, root["urls"] != nil {
            throw InputProblem(.incompatible, field: "url", reason: "is there beside urls; leave one of them out")
        }
        let isTarget = { (key: String) in key == "url" || key == "urls" }
        let flags = LoadCommand.specification.flags.filter { !others.contains($0.name) }
        // What people write as an object or a list here is one text, or several, on the command line.
        let plain = try members.filter { !isTarget($0.key) }.map { (member) throws(InputProblem) in
            JSONValue.Member(member.key, try flattened(member))
        }
        let values = try SettingsFile.values(Array(JSONValue.object(plain).text.utf8), flags, besides: ["url", "urls"])
        var receivers: [(url: String, weight: String)] = []
        for member in members where isTarget(member.key) { receivers += try targets(member) }
        return (receivers, values)
    }

    private static func targets(_ member: JSONValue.Member) throws(InputProblem) -> [(url: String, weight: String)] {
        switch (member.key, member.value) {
        case ("url", .string(let text)): return [(text, "1")]
        case ("urls", .object(let members)) where !members.isEmpty:
            return try members.map { (one) throws(InputProblem) in
                guard case .number(let weight) = one.value else {
                    let field = "urls.\(InputProblem.printable(one.key))"
                    throw InputProblem(field: field, reason: "must be its share of the load, a number such as 3, not \(one.value.kindName)")
                }
                return (one.key, weight)
            }
        default:
            let wanted = member.key == "url" ? "the receiver's URL" : "an object of URLs with their shares, such as {\"http://…/\": 3}"
            throw InputProblem(field: member.key, reason: "must be \(wanted), not \(member.value.kindName)")
        }
    }

    private static func flattened(_ member: JSONValue.Member) throws(InputProblem) -> JSONValue {
        switch (member.key, member.value) {
        case ("rate", .array(let steps)):
            let texts = try steps.map { (step) throws(InputProblem) -> String in
                switch step {
                case .string(let text), .number(let text): return text
                default:
                    throw InputProblem(field: "rate", reason: "must be a rate or an array of rates, such as \"50..500:30s\"")
                }
            }
            return .string(texts.joined(separator: ","))
        case ("data", .object), ("data", .array): return .string(member.value.text)
        case ("mix", .object(let members)), ("credential", .object(let members)):
            return .array(
                try members.map { (one) throws(InputProblem) in
                    switch one.value {
                    case .string(let text), .number(let text): return .string("\(one.key)=\(text)")
                    default:
                        let field = "\(member.key).\(InputProblem.printable(one.key))"
                        throw InputProblem(field: field, reason: "must be a string or a number, not \(one.value.kindName)")
                    }
                }
            )
        default: return member.value
        }
    }

    /// The arguments with those of the file that are not on the command line.
    func adding(to arguments: ParsedArguments) -> ParsedArguments {
        var all = arguments
        for (flag, texts) in values where !arguments.isGiven(flag) { all.add(flag, texts, from: label(flag)) }
        if arguments.positionals.isEmpty {
            all.add(positionals: targets.map(\.url))
            if targets.count > 1, !arguments.isGiven("weights") {
                all.add("weights", [targets.map(\.weight).joined(separator: ",")], from: "urls in \(name)")
            }
        }
        return all
    }

    private func label(_ flag: String) -> String { "\(SettingsFile.key(flag)) in \(name)" }

    /// A problem that names what came from the file by its place there.
    func named(_ problem: UsageProblem, _ arguments: ParsedArguments) -> UsageProblem {
        var message = problem.message
        // The longest first, since `--rate` is the beginning of `--rate-limit` too.
        for flag in values.keys.sorted(by: { $0.utf8.count > $1.utf8.count }) where !arguments.isGiven(flag) {
            message = message.replacing("--\(flag)", with: label(flag))
        }
        return UsageProblem(message, command: problem.command)
    }
}
