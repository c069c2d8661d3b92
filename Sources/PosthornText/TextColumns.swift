/// Rows of text in columns that line up.
package enum TextColumns {
    /// A line for each row, without line breaks at their ends.
    /// - Parameters:
    ///   - rows: The cells of each row.
    ///   - first: From which column on cells are numbers, which end together; all before it begin together.
    ///   - indent: What each line begins with.
    package static func lines(_ rows: [[String]], numbersFrom first: Int = .max, indent: String = "") -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                if column >= first { return padding + row[column] }
                return column == columns - 1 ? row[column] : row[column] + padding
            }
            return indent + cells.joined(separator: "  ")
        }
    }
}
