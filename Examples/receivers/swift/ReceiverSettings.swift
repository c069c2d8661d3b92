import Foundation
import PosthornModel
import PosthornText

/// A webhook that the receiver expects.
struct Hook: Sendable {
    let format: Format
    private let members: JSONValue

    init(_ members: JSONValue, path: String) throws {
        guard case .string(let name)? = members["format"], let format = Format(rawValue: name) else {
            let known = Format.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingsProblem("hooks.\(path).format: use one of \(known)")
        }
        self.format = format
        self.members = members
        for name in format.requiredCredentials where texts(name).isEmpty {
            throw SettingsProblem("hooks.\(path).\(name): is missing")
        }
    }

    /// A text of the configuration.
    subscript(name: String) -> String? { texts(name).first }

    /// A text, or each of a list of texts.
    func texts(_ name: String) -> [String] {
        let values: [JSONValue]
        if case .array(let list)? = members[name] { values = list } else { values = [members[name] ?? .null] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// What a custom value request is answered from.
    func value(of field: String) -> JSONValue? { members["values"]?[field] }
}

/// What stands in receiver.json and in the environment.
struct ReceiverSettings {
    let host: String
    let port: Int
    let hooks: [String: Hook]

    init(file: String) throws {
        guard let data = FileManager.default.contents(atPath: file) else { throw SettingsProblem("\(file) cannot be read") }
        let settings = try JSONValue.parse(Array(data))
        guard case .object(let entries)? = settings["hooks"] else { throw SettingsProblem("\(file): hooks is missing") }
        var hooks: [String: Hook] = [:]
        for entry in entries { hooks[entry.key] = try Hook(entry.value, path: entry.key) }
        self.hooks = hooks
        let environment = ProcessInfo.processInfo.environment
        var host = "127.0.0.1"
        var port = "9999"
        if case .string(let text)? = settings["host"] { host = text }
        if case .number(let text)? = settings["port"] { port = text }
        self.host = environment["HOST"] ?? host
        guard let number = Int(environment["PORT"] ?? port), (0...65_535).contains(number) else {
            throw SettingsProblem("port: is no number from 0 to 65535")
        }
        self.port = number
    }
}

/// What is wrong with the settings, in one line.
struct SettingsProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
