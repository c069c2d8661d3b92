import PosthornModel

/// Bounds on a benchmark's figures, such as `statements_per_delivery<=2.6`: a build stops when one is broken.
package struct Gate {
    /// One bound, which its limit itself keeps.
    package struct Bound: Equatable {
        package let figure: String
        package let isUpper: Bool
        package let limit: Double

        func holds(_ value: Double) -> Bool { isUpper ? value <= limit : value >= limit }
        var text: String { "\(figure)\(isUpper ? "<=" : ">=")\(Figure.rounded(limit))" }
    }

    package let bounds: [Bound]

    /// Reads bounds with commas between them.
    package init(_ text: String) throws {
        bounds = try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            for (sign, isUpper) in [("<=", true), (">=", false)] {
                guard let range = part.firstRange(of: sign), let limit = Double(part[range.upperBound...]),
                    range.lowerBound > part.startIndex
                else { continue }
                return Bound(figure: String(part[..<range.lowerBound]), isUpper: isUpper, limit: limit)
            }
            throw BenchProblem.usage("--gate wants FIGURE<=NUMBER or FIGURE>=NUMBER, not \(InputProblem.printable(String(part)))")
        }
    }

    /// Throws when a bound is broken or names no figure.
    package func check(_ result: any BenchResult) throws {
        for bound in bounds {
            guard let figure = result.figures.first(where: { $0.name == bound.figure }) else {
                throw BenchProblem.usage("--gate: there is no figure \(InputProblem.printable(bound.figure)) in this benchmark")
            }
            if !bound.holds(figure.value) {
                throw BenchProblem("gate \(bound.text) is broken: \(figure.name) is \(Figure.rounded(figure.value))")
            }
        }
    }
}
