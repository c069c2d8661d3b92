/// The elements of an SVG picture, one after the other. Coordinates are rounded to tenths of a pixel, and texts are escaped.
package struct SVGElements {
    /// A point of the picture, in pixels from its upper left corner.
    package typealias Point = (x: Double, y: Double)

    /// On which side of its point a text is written.
    package enum Anchor: String, Sendable { case start, middle, end }

    /// What has been drawn so far.
    package private(set) var elements: [String] = []

    package init() {}

    /// Adds an element as it is.
    package mutating func add(_ element: String) { elements.append(element) }

    /// Adds a line.
    /// - Parameter look: Further attributes, such as its class or colour.
    package mutating func line(_ start: Point, _ end: Point, _ look: String) {
        let (from, to) = (Self.pair(start, "x1", "y1"), Self.pair(end, "x2", "y2"))
        add("<line \(from) \(to) \(look)/>")
    }

    /// Adds a text.
    /// - Parameters:
    ///   - content: What it says, not escaped yet.
    ///   - look: Further attributes, such as its class or size.
    package mutating func text(_ content: String, at point: Point, anchor: Anchor = .start, _ look: String) {
        let side = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
        add("<text \(Self.pair(point, "x", "y"))\(side) \(look)>\(HTMLText.escaped(content))</text>")
    }

    /// Adds a disc.
    /// - Parameters:
    ///   - label: What is shown where the pointer rests on it.
    ///   - look: Further attributes, such as its colour.
    package mutating func disc(at point: Point, radius: Double, label: String? = nil, _ look: String) {
        let start = "<circle \(Self.pair(point, "cx", "cy")) r=\"\(SVGNumber.text(radius))\" \(look)"
        add(label.map { "\(start)><title>\(HTMLText.escaped($0))</title></circle>" } ?? "\(start)/>")
    }

    private static func pair(_ point: Point, _ x: String, _ y: String) -> String {
        "\(x)=\"\(SVGNumber.text(point.x))\" \(y)=\"\(SVGNumber.text(point.y))\""
    }
}
