/// The words of a command line one after the other: which of them are flags, and what belongs to a flag.
///
/// `--flag value` and `--flag=value` are the same; after `--` nothing is a flag; `-` alone is a file name.
package struct ArgumentWords {
    /// What is next.
    package enum Word: Equatable {
        /// A flag with its dashes, and what follows its `=`.
        case flag(String, attached: String?)
        /// A word that belongs to no flag.
        case plain(String)
    }

    private var rest: ArraySlice<String>
    private var flagsAreOver = false

    /// - Parameter words: Those behind the command's name.
    package init(_ words: ArraySlice<String>) { rest = words }

    /// The next word; `nil` after the last one.
    package mutating func next() -> Word? {
        guard let word = rest.popFirst() else { return nil }
        if flagsAreOver || word == "-" || !word.hasPrefix("-") { return .plain(word) }
        if word == "--" {
            flagsAreOver = true
            return next()
        }
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return .flag(parts[0], attached: parts.count > 1 ? parts[1] : nil)
    }

    /// The value of the flag that was read last, taken from the words where none was attached; `nil` where the next word is a flag, or
    /// none is left.
    package mutating func value(_ attached: String?) -> String? {
        if let attached { return attached }
        guard let word = rest.first, word == "-" || !word.hasPrefix("--") else { return nil }
        return rest.popFirst()
    }
}
