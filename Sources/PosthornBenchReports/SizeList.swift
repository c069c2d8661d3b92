import PosthornModel

/// Sizes as they are typed: whole numbers above 0 with commas between them, or `none`.
package enum SizeList {
    package static func read(_ text: String, flag: String) throws -> [Int] {
        if text == "none" { return [] }
        return try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let number = Int(part), number > 0 else {
                throw BenchProblem.usage(
                    "\(flag) wants whole numbers above 0 with commas between them, or none, not \(InputProblem.printable(text))"
                )
            }
            return number
        }
    }
}
