import PosthornModel
import PosthornText
import Glibc

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
        /// Marks in place of round numbers.
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

    /// The whole element.
    var svg: String {
        let xs = series.flatMap { $0.points.map(\.x) }
        let ys = series.flatMap { $0.points.compactMap(\.y) }
        let across = Self.range(x, xs)
        let up = Self.range(y, ys)
        var text = "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" aria-label=\"\(HTMLText.escaped(title))\">"
        text += "<text class=\"title\" x=\"\(Int(Self.left))\" y=\"16\">\(HTMLText.escaped(title))</text>"
        for (value, label) in Self.ticks(y, up) {
            let place = Self.text(vertical(value, up))
            text +=
                "<line class=\"grid\" x1=\"\(Self.text(Self.left))\" x2=\"\(Self.text(Self.width - Self.right))\" y1=\"\(place)\" y2=\"\(place)\"/>"
            text += "<text class=\"tick\" text-anchor=\"end\" x=\"\(Self.text(Self.left - 6))\" y=\"\(place)\" dy=\"4\">\(label)</text>"
        }
        for (value, label) in Self.ticks(x, across) {
            let place = Self.text(horizontal(value, across))
            text +=
                "<line class=\"grid\" y1=\"\(Self.text(Self.top))\" y2=\"\(Self.text(Self.height - Self.bottom))\" x1=\"\(place)\" x2=\"\(place)\"/>"
            text +=
                "<text class=\"tick\" text-anchor=\"middle\" x=\"\(place)\" y=\"\(Self.text(Self.height - Self.bottom + 16))\">\(label)</text>"
        }
        text +=
            "<text class=\"tick\" text-anchor=\"end\" x=\"\(Self.text(Self.width - Self.right))\" y=\"\(Self.text(Self.height - 8))\">\(HTMLText.escaped(x.title))</text>"
        text += legend + "<text class=\"tick\" x=\"4\" y=\"16\">\(HTMLText.escaped(y.title))</text>"
        for one in series { text += path(one, across, up) }
        return text + "</svg>"
    }

    private var legend: String {
        var place = Self.width - Self.right
        var text = ""
        for one in series.reversed() {
            text +=
                "<text class=\"tick \(one.style)\" text-anchor=\"end\" x=\"\(Self.text(place))\" y=\"16\">\(HTMLText.escaped(one.name))</text>"
            place -= Double(one.name.count) * 6.4 + 16
        }
        return text
    }

    private func path(_ one: Series, _ across: ClosedRange<Double>, _ up: ClosedRange<Double>) -> String {
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

    private func horizontal(_ value: Double, _ range: ClosedRange<Double>) -> Double {
        Self.left + Self.share(value, range, x.scale) * (Self.width - Self.left - Self.right)
    }

    private func vertical(_ value: Double, _ range: ClosedRange<Double>) -> Double {
        Self.height - Self.bottom - Self.share(value, range, y.scale) * (Self.height - Self.top - Self.bottom)
    }

    private static func share(_ value: Double, _ range: ClosedRange<Double>, _ scale: Axis.Scale) -> Double {
        let inside = min(max(value, range.lowerBound), range.upperBound)
        switch scale {
        case .linear: return (inside - range.lowerBound) / (range.upperBound - range.lowerBound)
        case .logarithmic: return log(inside / range.lowerBound) / log(range.upperBound / range.lowerBound)
        }
    }

    private static func range(_ axis: Axis, _ values: [Double]) -> ClosedRange<Double> {
        if let range = axis.range { return range }
        switch axis.scale {
        case .linear: return 0...max(1e-9, (values.max() ?? 1) * 1.05)
        case .logarithmic:
            let positive = values.filter { $0 > 0 }
            let low = pow(10, log10(positive.min() ?? 1).rounded(.down))
            let high = pow(10, log10(positive.max() ?? 10).rounded(.up))
            return low...max(high, low * 10)
        }
    }

    private static func ticks(_ axis: Axis, _ range: ClosedRange<Double>) -> [(value: Double, label: String)] {
        if let ticks = axis.ticks { return ticks.filter { range.contains($0.value) } }
        switch axis.scale {
        case .logarithmic:
            let powers = Int(log10(range.lowerBound).rounded())...Int(log10(range.upperBound).rounded())
            return powers.map { (pow(10, Double($0)), axis.label(pow(10, Double($0)))) }
        case .linear:
            let rough = (range.upperBound - range.lowerBound) / 5
            let power = pow(10, log10(rough).rounded(.down))
            let step = ([1, 2, 5, 10].first { $0 * power >= rough } ?? 10) * power
            return stride(from: (range.lowerBound / step).rounded(.up) * step, through: range.upperBound, by: step)
                .map { ($0, axis.label($0)) }
        }
    }

    /// A coordinate with one decimal.
    private static func text(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(abs(tenths % 10))"
    }

    /// A number without digits that say nothing, large ones in groups of three: `200`, `0.5`, `20,000`.
    static func plain(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return GroupedDigits.text(Int(value)) }
        return String((value * 1e6).rounded() / 1e6)
    }
}
