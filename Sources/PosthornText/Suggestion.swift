/// Finds the word that was probably meant.
package enum Suggestion {
    /// ` (did you mean --limit?)`, or nothing when no word is near.
    package static func clause(for written: String, among words: [String]) -> String {
        guard let best = nearest(to: written, among: words) else { return "" }
        return " (did you mean \(best)?)"
    }

    /// What is to be said behind `written`, which is none of a closed list: `is not known; did you mean "diio"?`, or all of
    /// the list where no word is near.
    package static func refusal(of written: String, among words: [String]) -> String {
        "is not known; \(advice(for: written, among: words))"
    }

    /// `did you mean "diio"?`, or where no word is near, `use one of` them all.
    package static func advice(for written: String, among words: [String], otherwise: String = "use one of") -> String {
        if let best = nearest(to: written, among: words) { return "did you mean \"\(best)\"?" }
        return "\(otherwise) \(words.joined(separator: ", "))"
    }

    /// The nearest word, if it is at most a third of its length away or starts with what was written. Large and small letters
    /// count as the same.
    package static func nearest(to written: String, among words: [String]) -> String? {
        guard written.utf8.count <= 64 else { return nil }
        let bytes = Array(written.lowercased().utf8)
        let ranked = words.map { (word: $0, distance: distance(bytes, Array($0.lowercased().utf8))) }
        if let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(1, best.word.utf8.count / 3) {
            return best.word
        }
        let bare = written.lowercased().drop { $0 == "-" }
        return bare.count < 2 ? nil : words.first { $0.lowercased().drop { $0 == "-" }.hasPrefix(bare) }
    }

    /// Insertions, deletions, replacements and swaps of neighbours that make one text the other (optimal string alignment).
    /// - Parameter withStars: Whether a `*` of `a` stands for any run of `b`.
    package static func distance(_ a: [UInt8], _ b: [UInt8], withStars: Bool = false) -> Int {
        func isStar(_ byte: UInt8) -> Bool { withStars && byte == UInt8(ascii: "*") }
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            let star = isStar(a[i])
            var row = [last[0] + (star ? 0 : 1)]
            for j in b.indices {
                var best = min(last[j + 1] + (star ? 0 : 1), row[j] + (star ? 0 : 1), last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
                row.append(best)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
