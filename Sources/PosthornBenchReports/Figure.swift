/// A figure by its name for programs and by its words for people.
package struct Figure: Equatable, Sendable {
    package let name: String
    package let label: String
    package let value: Double

    package init(_ name: String, _ label: String, _ value: Double) {
        self.name = name
        self.label = label
        self.value = value
    }

    /// No decimal from a thousand on, one from ten on, three below.
    package static func rounded(_ value: Double) -> String {
        if value >= 1000 { return String(Int(value.rounded())) }
        let scale: Double = value >= 10 ? 10 : 1000
        return String((value * scale).rounded() / scale)
    }
}
