import PosthornModel

/// A benchmark's result that is a list of figures: one line each for people, one flat JSON object for programs.
struct FigureList: BenchResult {
    /// A figure by its name for programs and by its words for people.
    struct Figure {
        let name: String
        let label: String
        let value: Double

        init(_ name: String, _ label: String, _ value: Double) {
            self.name = name
            self.label = label
            self.value = value
        }
    }

    /// What was measured, in one line.
    let title: String
    /// The settings it was measured with.
    let settings: [(name: String, value: Int)]
    /// What was found.
    let figures: [Figure]

    /// Aligned lines for people.
    var table: String {
        let rows = figures.map { figure in
            let value = Self.rounded(figure.value)
            return "  " + String(repeating: " ", count: max(0, 10 - value.count)) + value + "  " + figure.label
        }
        return ([title] + rows).joined(separator: "\n")
    }

    /// One JSON object in one line for programs.
    var json: String {
        var members = settings.map { JSONValue.Member($0.name, .number(String($0.value))) }
        members += figures.map { .init($0.name, .number(Self.rounded($0.value))) }
        return JSONValue.object(members).text
    }

    /// No decimal from a thousand on, one from ten on, three below.
    static func rounded(_ value: Double) -> String {
        if value >= 1000 { return String(Int(value.rounded())) }
        let scale: Double = value >= 10 ? 10 : 1000
        return String((value * scale).rounded() / scale)
    }
}
