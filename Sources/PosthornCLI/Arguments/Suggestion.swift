/// Finds the word that was probably meant.
enum Suggestion {
    /// ` (did you mean --limit?)`, or nothing when no word is near.
    static func clause(for written: String, among words: [String]) -> String {
        guard let best = nearest(to: written, among: words) else { return "" }
        return " (did you mean \(best)?)"
    }

    /// The nearest word, if it is at most a third of its length away or starts with what was written.
    static func nearest(to written: String, among words: [String]) -> String? {
        guard written.utf8.count <= 64 else { return nil }
        let bare = written.drop { $0 == "-" }
        let ranked = words.map { (word: $0, distance: distance(Array(written.utf8), Array($0.utf8))) }
        if let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(1, best.word.utf8.count / 3) {
            return best.word
        }
        return bare.count < 2 ? nil : words.first { $0.drop { $0 == "-" }.hasPrefix(bare) }
    }

    /// Insertions, deletions, replacements and swaps of neighbours that make one text the other (optimal string alignment).
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i]
            for j in 1...b.count {
                let replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                var best = min(replace, last[j] + 1, row[j - 1] + 1)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, beforeLast[j - 2] + 1) }
                row.append(best)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
