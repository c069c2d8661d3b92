import PosthornModel
import PosthornText

/// A benchmark's result that is a list of figures: one line each for people, one flat JSON object for programs.
package struct FigureList: BenchResult {
    /// What was measured, in one line.
    package let title: String
    /// The settings it was measured with.
    package let settings: [(name: String, value: Int)]
    /// What was found.
    package let figures: [Figure]

    package init(title: String, settings: [(name: String, value: Int)], figures: [Figure]) {
        self.title = title
        self.settings = settings
        self.figures = figures
    }

    /// Aligned lines for people.
    package var table: String {
        let rows = figures.map { figure in
            let value = Figure.rounded(figure.value)
            return "  " + String(repeating: " ", count: max(0, 10 - value.count)) + value + "  " + figure.label
        }
        return ([title] + rows).joined(separator: "\n")
    }

    /// One JSON object in one line for programs.
    package var json: String {
        var members = settings.map { JSONValue.Member($0.name, .number(String($0.value))) }
        members += figures.map { .init($0.name, .number(Figure.rounded($0.value))) }
        return JSONValue.object(members).text
    }
}
