import PosthornModel
import PosthornText

/// A JSON file with values of flags that every run needs again: `{"allow": ["10.0.0.0/8"], "smtp": "smtps://me@mail.example"}`.
struct SettingsFile {
    /// For messages.
    let name: String
    /// Values by flag; a flag without a value has one empty text.
    let values: [String: [String]]

    /// The largest file.
    private static let limitBytes = 1 << 20

    /// - Parameter known: The flags that it may have, whichever command they belong to.
    init(_ path: String, known: [CommandSpecification.Flag]) throws {
        let file = try InputFile(path)
        let bytes = try file.contents(limitBytes: Self.limitBytes)
        do throws(InputProblem) { values = try Self.values(bytes, known) } catch {
            throw InputFileContentProblem(name: file.name, problem: error)
        }
        name = file.name
    }

    /// How a flag is called in the file.
    static func key(_ flag: String) -> String { flag.replacing("-", with: "_") }

    /// - Parameter others: What else may be in the file, for messages.
    static func values(
        _ bytes: [UInt8],
        _ known: [CommandSpecification.Flag],
        besides others: [String] = []
    ) throws(InputProblem) -> [String: [String]] {
        let root: JSONValue
        do throws(JSONProblem) { root = try JSONValue.parse(bytes) } catch { throw InputProblem(field: "", reason: "\(error)") }
        guard case .object(let members) = root else {
            throw InputProblem(field: "", reason: "must be an object of settings, not \(root.kindName)")
        }
        var values: [String: [String]] = [:]
        for member in members where member.value != .null {
            guard let flag = known.first(where: { key($0.name) == member.key }) else {
                let names = Set(known.map { key($0.name) } + others).sorted()
                throw InputProblem(
                    .unknownWord,
                    field: InputProblem.printable(member.key),
                    reason: "is not known here; " + Suggestion.advice(for: member.key, among: names, otherwise: "known are")
                )
            }
            values[flag.name] = try texts(of: member, for: flag)
        }
        return values
    }

    /// The values of a member; `nil` for a flag that it switches off.
    private static func texts(of member: JSONValue.Member, for flag: CommandSpecification.Flag) throws(InputProblem) -> [String]? {
        func problem(_ wanted: String) -> InputProblem {
            InputProblem(field: member.key, reason: "must be \(wanted), not \(member.value.kindName)")
        }
        if flag.value == nil {
            guard case .bool(let isOn) = member.value else { throw problem("true or false") }
            return isOn ? [""] : nil
        }
        switch member.value {
        case .string(let text): return text.isEmpty ? nil : [text]
        case .number(let text): return [text]
        case .array(let elements) where flag.isRepeatable:
            return try elements.map { (element) throws(InputProblem) in
                guard case .string(let text) = element else { throw problem("an array of strings") }
                return text
            }
        default: throw problem(flag.isRepeatable ? "a string or an array of strings" : "a string or a number")
        }
    }
}
