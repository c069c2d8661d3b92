import PosthornModel
import PosthornText

/// Draws a chart as SVG: no script, no font or style from elsewhere, light ground so that it can be read on any page.
package struct ChartDrawing {
    private static let colours = ["#0072b2", "#d55e00", "#009e73"]
    private static let columns = 2
    private static let panelWidth = 440.0
    private static let panelHeight = 270.0
    private static let head = 64.0
    /// Between the panel's edge and its axes.
    private static let inset = (left: 62.0, right: 22.0, top: 40.0, bottom: 48.0)

    private let chart: Chart
    private var out = SVGElements()

    /// The whole file.
    package static func svg(_ chart: Chart) -> String {
        var drawing = ChartDrawing(chart)
        drawing.draw()
        return drawing.out.elements.joined(separator: "\n") + "\n"
    }

    private init(_ chart: Chart) { self.chart = chart }

    private mutating func draw() {
        let rows = (chart.panels.count + Self.columns - 1) / Self.columns
        let width = Self.panelWidth * Double(min(Self.columns, chart.panels.count))
        let height = Self.head + Self.panelHeight * Double(rows)
        out.add(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(px(width)) \(px(height))\" width=\"\(px(width))\" "
                + "height=\"\(px(height))\" role=\"img\" font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\">"
        )
        out.add("<title>\(HTMLText.escaped(chart.title))</title>")
        out.add("<desc>\(HTMLText.escaped(chart.note))</desc>")
        out.add("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>")
        text(20, 28, chart.title, size: 18, weight: "bold")
        text(20, 49, chart.note, size: 12, fill: "#555555")
        let sizes = Self.sizes(of: chart)
        for (number, panel) in chart.panels.enumerated() {
            let left = Self.panelWidth * Double(number % Self.columns) + Self.inset.left
            let top = Self.head + Self.panelHeight * Double(number / Self.columns) + Self.inset.top
            draw(panel, ChartAxis(sizes: sizes), left, top)
        }
        out.add("</svg>")
    }

    private static func sizes(of chart: Chart) -> [Double] {
        Set(chart.panels.flatMap { $0.series.flatMap { $0.points.map(\.size) } }).sorted()
    }

    private mutating func draw(_ panel: Chart.Panel, _ across: ChartAxis, _ left: Double, _ top: Double) {
        let width = Self.panelWidth - Self.inset.left - Self.inset.right
        let height = Self.panelHeight - Self.inset.top - Self.inset.bottom
        let up = ChartAxis(values: panel.series.flatMap { $0.points.flatMap { [$0.value, $0.low, $0.high] } })
        let x = { (value: Double) in left + across.scale.position(of: value) * width }
        let y = { (value: Double) in top + height - up.scale.position(of: value) * height }
        text(left - Self.inset.left + 20, top - 22, panel.title, size: 13, weight: "bold")
        for tick in up.ticks {
            line(left, y(tick), left + width, y(tick), "#dddddd", 1)
            text(left - 8, y(tick) + 4, ShortNumber.text(tick), size: 11, anchor: .end)
        }
        for tick in across.ticks {
            line(x(tick), top + height, x(tick), top + height + 5, "#555555", 1)
            text(x(tick), top + height + 18, ShortNumber.text(tick), size: 11, anchor: .middle)
        }
        line(left, top + height, left + width, top + height, "#555555", 1)
        text(left + width / 2, top + height + 36, chart.growing, size: 12, anchor: .middle, fill: "#555555")
        var legend = left
        for (number, series) in panel.series.enumerated() {
            let colour = Self.colours[number % Self.colours.count]
            draw(series, x, y, colour)
            guard panel.series.count > 1 else { continue }
            out.disc(at: (legend + 4, top - 10), radius: 4, "fill=\"\(colour)\"")
            text(legend + 12, top - 6, series.name, size: 11)
            // About the width of so many letters of that size, and a gap.
            legend += 12 + Double(series.name.count) * 5.8 + 14
        }
    }

    private mutating func draw(_ series: Chart.Series, _ x: (Double) -> Double, _ y: (Double) -> Double, _ colour: String) {
        let path = series.points.map { "\(px(x($0.size))),\(px(y($0.value)))" }.joined(separator: " ")
        out.add("<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>")
        for point in series.points {
            if point.low < point.high { line(x(point.size), y(point.low), x(point.size), y(point.high), colour, 1.5) }
            let label = "\(ShortNumber.text(point.size)): \(ShortNumber.text(point.value))"
            out.disc(at: (x(point.size), y(point.value)), radius: 3.5, label: label, "fill=\"\(colour)\"")
        }
    }

    private mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String, _ width: Double) {
        out.line((x1, y1), (x2, y2), "stroke=\"\(colour)\" stroke-width=\"\(px(width))\"")
    }

    private mutating func text(
        _ x: Double,
        _ y: Double,
        _ content: String,
        size: Int,
        weight: String = "normal",
        anchor: SVGElements.Anchor = .start,
        fill: String = "#222222"
    ) {
        out.text(content, at: (x, y), anchor: anchor, "font-size=\"\(size)\" font-weight=\"\(weight)\" fill=\"\(fill)\"")
    }

    private func px(_ value: Double) -> String { SVGNumber.text(value) }
}
