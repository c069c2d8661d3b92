import PosthornModel
import PosthornText

/// A plot of lines as SVG text: axes with round numbers, a legend, nothing that needs a script.
struct SVGPlot {
    /// One line.
    struct Series {
        let name: String
        /// The class that gives it its colour: `a`, `b`, `c` or `d`.
        let style: String
        /// A gap where y is `nil`.
        let points: [(x: Double, y: Double?)]
        /// Whether it stays level between its points.
        var isStepped = false
    }

    /// How an axis counts.
    struct Axis: Sendable {
        enum Scale: Sendable { case linear, logarithmic }
        let title: String
        var scale = Scale.linear
        /// Where it ends; by the data when `nil`.
        var range: ClosedRange<Double>?
        /// Marks in position of round numbers.
        var ticks: [(value: Double, label: String)]?
        var label: @Sendable (Double) -> String = { SVGPlot.plain($0) }
    }

    let title: String
    let x: Axis
    let y: Axis
    let series: [Series]

    private static let width = 760.0
    private static let height = 300.0
    private static let left = 70.0
    private static let right = 26.0
    private static let top = 34.0
    private static let bottom = 44.0
    /// Of the texts above the plot.
    private static let baseline = 16.0

    /// The whole element.
    var svg: String {
        let xs = series.flatMap { $0.points.map(\.x) }
        let ys = series.flatMap { $0.points.compactMap(\.y) }
        let across = Self.scale(x, xs)
        let up = Self.scale(y, ys)
        var out = SVGElements()
        out.add("<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" aria-label=\"\(HTMLText.escaped(title))\">")
        out.text(title, at: (Self.left, Self.baseline), "class=\"title\"")
        let (end, ground) = (Self.width - Self.right, Self.height - Self.bottom)
        for (value, label) in Self.ticks(y, up) {
            let level = vertical(value, up)
            out.line((Self.left, level), (end, level), "class=\"grid\"")
            out.text(label, at: (Self.left - 6, level), anchor: .end, "class=\"tick\" dy=\"4\"")
        }
        for (value, label) in Self.ticks(x, across) {
            let column = horizontal(value, across)
            out.line((column, Self.top), (column, ground), "class=\"grid\"")
            out.text(label, at: (column, ground + 16), anchor: .middle, "class=\"tick\"")
        }
        out.text(x.title, at: (end, Self.height - 8), anchor: .end, "class=\"tick\"")
        drawLegend(into: &out)
        out.text(y.title, at: (4, Self.baseline), "class=\"tick\"")
        for one in series { out.add(path(one, across, up)) }
        return out.elements.joined() + "</svg>"
    }

    private func drawLegend(into out: inout SVGElements) {
        var position = Self.width - Self.right
        for one in series.reversed() {
            out.text(one.name, at: (position, Self.baseline), anchor: .end, "class=\"tick \(one.style)\"")
            // About the width of so many letters of that size, and a gap.
            position -= Double(one.name.count) * 6.4 + 16
        }
    }

    private func path(_ one: Series, _ across: ChartScale, _ up: ChartScale) -> String {
        var commands = ""
        var isDrawing = false
        for point in one.points {
            guard let value = point.y else {
                isDrawing = false
                continue
            }
            let (h, v) = (Self.text(horizontal(point.x, across)), Self.text(vertical(value, up)))
            if isDrawing && one.isStepped { commands += "H\(h)V\(v)" } else { commands += "\(isDrawing ? "L" : "M")\(h) \(v)" }
            isDrawing = true
        }
        return commands.isEmpty ? "" : "<path class=\"\(one.style)\" d=\"\(commands)\"/>"
    }

    private func horizontal(_ value: Double, _ scale: ChartScale) -> Double {
        Self.left + scale.position(of: value) * (Self.width - Self.left - Self.right)
    }

    private func vertical(_ value: Double, _ scale: ChartScale) -> Double {
        Self.height - Self.bottom - scale.position(of: value) * (Self.height - Self.top - Self.bottom)
    }

    private static func scale(_ axis: Axis, _ values: [Double]) -> ChartScale {
        let isLogarithmic = axis.scale == .logarithmic
        if let range = axis.range { return ChartScale(range, isLogarithmic: isLogarithmic) }
        if !isLogarithmic { return ChartScale(0...max(1e-9, (values.max() ?? 1) * 1.05)) }
        let positive = values.filter { $0 > 0 }
        return ChartScale(ChartScale.decades(around: positive.min() ?? 1, positive.max() ?? 10), isLogarithmic: true)
    }

    private static func ticks(_ axis: Axis, _ scale: ChartScale) -> [(value: Double, label: String)] {
        if let ticks = axis.ticks { return ticks.filter { (scale.low...scale.high).contains($0.value) } }
        return scale.roundNumbers(steps: 5).map { ($0, axis.label($0)) }
    }

    private static func text(_ value: Double) -> String { SVGNumber.text(value) }

    /// A number without digits that say nothing, large ones in groups of three: `200`, `0.5`, `20,000`.
    static func plain(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return GroupedDigits.text(Int(value)) }
        return String((value * 1e6).rounded() / 1e6)
    }
}
