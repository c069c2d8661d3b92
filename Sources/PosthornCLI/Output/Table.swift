/// Rows in columns that line up.
///
/// Widths are taken from the first rows, so that a list of millions streams in flat memory; a later cell that is wider
/// than its column pushes the rest of its line to the right.
struct Table {
    /// A column.
    struct Column {
        let title: String
        var isNumber = false
        /// Whether it may be cut when the terminal is too narrow.
        var canShrink = false

        init(_ title: String, isNumber: Bool = false, canShrink: Bool = false) {
            self.title = title
            self.isNumber = isNumber
            self.canShrink = canShrink
        }
    }

    /// Rows that the widths are taken from.
    static let sampleRows = 500
    private static let gap = "  "
    /// A column that shrinks keeps this much.
    private static let shrunkWidth = 8

    private let columns: [Column]
    private let terminalWidth: Int?
    private let write: (String) -> Void
    private var sample: [[String]] = []
    private var widths: [Int]?

    /// - Parameters:
    ///   - columns: The columns.
    ///   - terminalWidth: Where lines must end; `nil` for no limit, as for a file.
    ///   - write: Takes each line, with its line end.
    init(_ columns: [Column], terminalWidth: Int?, write: @escaping (String) -> Void) {
        self.columns = columns
        self.terminalWidth = terminalWidth
        self.write = write
    }

    /// Adds a row: one text a column. Control characters in it are escaped here.
    mutating func add(_ cells: [String]) {
        let safe = cells.map(TerminalText.text)
        if let widths {
            write(line(safe, widths))
            return
        }
        sample.append(safe)
        if sample.count == Self.sampleRows { writeSample() }
    }

    /// Writes what is left.
    mutating func finish() { if widths == nil { writeSample() } }

    private mutating func writeSample() {
        let titles = columns.map(\.title)
        var measured = columns.indices.map { i in
            sample.reduce(TerminalText.width(titles[i])) { max($0, TerminalText.width($1[i])) }
        }
        if let terminalWidth { shrink(&measured, to: terminalWidth) }
        widths = measured
        write(line(titles, measured))
        for row in sample { write(line(row, measured)) }
        sample = []
    }

    private func shrink(_ widths: inout [Int], to limit: Int) {
        while widths.reduce(0, +) + Self.gap.count * (widths.count - 1) > limit {
            let candidates = columns.indices.filter { i in
                columns[i].canShrink && widths[i] > max(Self.shrunkWidth, TerminalText.width(columns[i].title))
            }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return }
            widths[widest] -= 1
        }
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var out = ""
        for (i, cell) in cells.enumerated() {
            let text = terminalWidth != nil && columns[i].canShrink ? TerminalText.cut(cell, to: widths[i]) : cell
            let padding = String(repeating: " ", count: max(0, widths[i] - TerminalText.width(text)))
            if i > 0 { out += Self.gap }
            out += columns[i].isNumber ? padding + text : text + padding
        }
        while out.last == " " { out.removeLast() }
        return out + "\n"
    }
}
