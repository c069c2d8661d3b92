import PosthornText

/// The flags of a command line as a report names it, to tell whether two reports are of the same load.
struct CommandFlags: Equatable, Sendable {
    /// Flags that say where results go.
    static let outputs: Set<String> = ["json", "csv", "samples", "junit", "report", "prometheus", "hgrm", "vegeta", "k6-summary"]

    /// The flags in their order, with their values; a flag without one has an empty text.
    let all: [(name: String, value: String)]
    /// How many URLs there are.
    let urls: Int

    /// - Parameters:
    ///   - line: As it is quoted for a shell: what has no flag comes first.
    ///   - free: Flags that are left out.
    init(_ line: String, without free: Set<String>) {
        var words = Self.words(of: line)[...]
        urls = words.count { $0.contains("://") }
        var flags: [(name: String, value: String)] = []
        while let word = words.popFirst() {
            guard word.hasPrefix("--") else { continue }
            var value = ""
            if let next = words.first, !next.hasPrefix("--") {
                value = next
                words.removeFirst()
            }
            let name = String(word.dropFirst(2))
            if !free.contains(name) { flags.append((name, value)) }
        }
        all = flags
    }

    static func == (one: CommandFlags, other: CommandFlags) -> Bool {
        one.urls == other.urls && one.all.elementsEqual(other.all) { $0 == $1 }
    }

    /// Flags and values in the order of the line.
    var text: String { all.map { Self.text($0.name, $0.value) }.joined(separator: " ") }

    private static func text(_ name: String, _ value: String) -> String { value.isEmpty ? "--\(name)" : "--\(name) \(value)" }

    /// The words of a command line that is quoted for a shell.
    private static func words(of line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var isQuoted = false
        for character in line {
            switch character {
            case "'":
                isQuoted.toggle()
                word = word ?? ""
            case " " where !isQuoted:
                if let word { words.append(word) }
                word = nil
            // Between two quoted pieces it stands for a quote.
            case "\\" where !isQuoted: word = word ?? ""
            default: word = (word ?? "") + String(character)
            }
        }
        return words + (word.map { [$0] } ?? [])
    }

    /// Which flags have other values than those of another line; `nil` where none has.
    /// - Parameter name: What the other line goes by.
    func difference(from other: CommandFlags, called name: String) -> String? {
        if self == other { return nil }
        var parts: [String] = []
        var seen: Set<String> = []
        for flag in (all + other.all).map(\.name) where seen.insert(flag).inserted {
            let (mine, theirs) = (values(of: flag), other.values(of: flag))
            if mine == theirs { continue }
            if theirs.isEmpty {
                parts.append("\(Self.text(flag, mine.joined(separator: ", "))), which \(name) lacks")
            } else if mine.isEmpty {
                parts.append("no \(Self.text(flag, theirs.joined(separator: ", ")))")
            } else {
                parts.append("\(Self.text(flag, mine.joined(separator: ", "))) in place of \(theirs.joined(separator: ", "))")
            }
        }
        if urls != other.urls { parts.append("\(urls) in place of \(other.urls) URLs") }
        return parts.isEmpty ? "the order of its flags" : parts.joined(separator: "; ")
    }

    private func values(of flag: String) -> [String] { all.filter { $0.name == flag }.map(\.value) }
}
