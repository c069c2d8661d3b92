import PosthornModel
import PosthornText

/// A command of a person with marks such as `{port}` for what is only known when it runs.
package enum CommandTemplate {
    /// Puts a value in for every mark; what a value holds is not looked at again.
    package static func filled(_ template: String, _ values: [String: String]) -> String {
        var out = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{") {
            out += rest[..<open]
            rest = rest[open...]
            let mark = values.first { rest.hasPrefix("{\($0.key)}") }
            out += mark?.value ?? "{"
            rest = rest.dropFirst(mark.map { $0.key.count + 2 } ?? 1)
        }
        return out + rest
    }
}
