/// Line charts beside each other that share what grows along the horizontal axis.
package struct Chart {
    package let title: String
    /// How it was measured, in one line.
    package let note: String
    /// What grows.
    package let growing: String
    package let panels: [Panel]

    package init(title: String, note: String, growing: String, panels: [Panel]) {
        self.title = title
        self.note = note
        self.growing = growing
        self.panels = panels
    }

    /// One pair of axes.
    package struct Panel {
        /// What is shown, with its unit.
        package let title: String
        package let series: [Series]

        package init(title: String, series: [Series]) {
            self.title = title
            self.series = series
        }
    }

    /// One line of a panel.
    package struct Series {
        /// Said in the legend where a panel has several.
        package let name: String
        package let points: [Point]

        package init(name: String, points: [Point]) {
            self.name = name
            self.points = points
        }
    }

    /// A measured value, with the smallest and largest of its rounds.
    package struct Point: Equatable {
        package let size: Double
        package let value: Double
        package let low: Double
        package let high: Double

        package init(size: Double, value: Double, low: Double, high: Double) {
            self.size = size
            self.value = value
            self.low = low
            self.high = high
        }
    }
}
