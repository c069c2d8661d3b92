/// Names and what they mean, in two columns.
package enum TwoColumns {
    /// A line for each pair, without line breaks at their ends.
    /// - Parameter indent: What each line begins with.
    package static func lines(_ rows: [(name: String, text: String)], indent: String = "") -> [String] {
        let width = rows.map(\.name.count).max() ?? 0
        return rows.map { "\(indent)\($0.name)\(String(repeating: " ", count: width - $0.name.count))  \($0.text)" }
    }
}
