/// A protocol as its source has it.
struct Role: Sendable, CustomStringConvertible {
    let name: String
    /// Each by its name and labels, such as `accept(_:at:)`; a property by its name.
    let requirements: [String]

    var description: String { name }

    /// The protocols of a file.
    static func all(in text: String) -> [Role] {
        let code = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
        return code.matches(of: #/protocol (\w+)[^{]*\{/#).map { match in
            Role(name: String(match.1), requirements: requirements(of: SwiftCall.inside(code[match.range.upperBound...], "{", "}")))
        }
    }

    private static func requirements(of body: Substring) -> [String] {
        body.matches(of: #/\b(?:func (\w+)(?:<[^>]*>)?\(|var (\w+):)/#).map { match in
            if let property = match.2 { return String(property) }
            return SwiftCall.name(match.1 ?? "", of: SwiftCall.inside(body[match.range.upperBound...], "(", ")"))
        }
    }
}

/// Reads what a Swift source calls, well enough to compare it with a list of names.
enum SwiftCall {
    /// Every member that is used behind a dot: a call by its name and labels, a closure behind it as `_`.
    static func all(in text: String) -> [String] {
        // Without what stands in strings, brackets can be counted.
        let text = text.replacing(#/\#"(?:[^"]|"(?!\#))*"\#|"(?:[^"\\]|\\.)*"/#, with: "0")
        return text.matches(of: #/\.(\w+)(\(| \{)?/#).map { match in
            switch match.2 {
            case nil: return String(match.1)
            case "(":
                let arguments = inside(text[match.range.upperBound...], "(", ")")
                let isFollowed = text[arguments.endIndex...].dropFirst().hasPrefix(" {")
                return name(match.1, of: arguments, trailing: isFollowed)
            default: return "\(match.1)(_:)"
            }
        }
    }

    /// The text up to where the bracket that was opened in front of it is closed.
    static func inside(_ text: Substring, _ open: Character, _ close: Character) -> Substring {
        var depth = 1
        let end = text.indices.first { place in
            if text[place] == open { depth += 1 }
            if text[place] == close { depth -= 1 }
            return depth == 0
        }
        return text[..<(end ?? text.endIndex)]
    }

    /// A name with the labels of its arguments or parameters.
    static func name(_ name: Substring, of list: Substring, trailing: Bool = false) -> String {
        var labels = split(list).map { argument -> String in
            let match = argument.prefixMatch(of: #/\s*(\w+)(?: \w+)?:(?!:)/#)
            return match.map { String($0.1) } ?? "_"
        }
        if trailing { labels.append("_") }
        return "\(name)(\(labels.map { "\($0):" }.joined()))"
    }

    /// The parts between the commas that stand in no bracket.
    private static func split(_ list: Substring) -> [Substring] {
        var (found, start, depth): ([Substring], Substring.Index, Int) = ([], list.startIndex, 0)
        for place in list.indices {
            if "([{".contains(list[place]) { depth += 1 }
            if ")]}".contains(list[place]) { depth -= 1 }
            if list[place] == ",", depth == 0 {
                found.append(list[start..<place])
                start = list.index(after: place)
            }
        }
        found.append(list[start...])
        return found.filter { !$0.allSatisfy(\.isWhitespace) }
    }
}
