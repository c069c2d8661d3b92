/// Texts from outside inside commands that people paste into a shell.
public enum ShellWord {
    /// A text as the value of an option, quoted where the shell would take it apart.
    /// - Parameter limit: How many characters of it at most; longer ones are cut and end in `…`.
    public static func quoted(_ text: String, limit: Int = 256) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "-_.:/@".utf8.contains(byte)
            }
        }
        if isPlain && !text.isEmpty && !text.hasPrefix("-") { return text }
        return "'" + OneLine.text(text, limit: limit).split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            + "'"
    }

    /// A text as an argument without an option; what begins with `-` goes behind `--`, after which nothing is an option.
    public static func argument(_ text: String) -> String { (text.hasPrefix("-") ? "-- " : "") + quoted(text) }

    /// An option with a text as its value, in one word where the value looks like an option itself.
    public static func option(_ name: String, _ text: String) -> String { name + (text.hasPrefix("--") ? "=" : " ") + quoted(text) }
}
