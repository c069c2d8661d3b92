/// Reads the file that valgrind's callgrind leaves behind ("Callgrind Format Specification" in valgrind's manual).
///
/// Lines `ob=` say which object the following costs are in. A line behind `calls=` repeats what a called function cost, which
/// has lines of its own as well. A name is given once with a number in parentheses, and later by that number alone.
package struct CallgrindProfile {
    /// What all the lines together say.
    package let count: InstructionCount

    package init(_ text: String) throws {
        var reader = Reader()
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) { reader.take(Substring(line)) }
        guard let total = reader.total else { throw BenchProblem("callgrind's file is not whole: it has no line of totals") }
        let byObject = reader.finished()
        let sum = byObject.values.reduce(0, +)
        guard sum == total else {
            throw BenchProblem("callgrind's file says \(total) instructions in all, but its lines have \(sum)")
        }
        count = InstructionCount(total: total, byObject: byObject)
    }

    private struct Reader {
        private(set) var total: Int?
        private var names: [Substring: String] = [:]
        private var sums: [String: Int] = [:]
        private var object = InstructionCount.shortName(ofObject: "")
        /// The sum of the object that lines are read of.
        private var open = 0
        private var isRepeated = false
        /// Where in a line the number of instructions stands: behind its positions, and behind other events.
        private var positions = 1
        private var event = 0

        mutating func take(_ line: Substring) {
            guard let first = line.utf8.first else { return }
            switch first {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"):
                if !isRepeated { open += cost(line) }
                isRepeated = false
            case _ where line.hasPrefix("calls="): isRepeated = true
            case _ where line.hasPrefix("ob="):
                close()
                object = name(line.dropFirst(3))
            case _ where line.hasPrefix("cob="): _ = name(line.dropFirst(4))
            case _ where line.hasPrefix("positions:"): positions = line.split(separator: " ").count - 1
            case _ where line.hasPrefix("events:"): event = line.split(separator: " ").dropFirst().firstIndex(of: "Ir").map { $0 - 1 } ?? 0
            case _ where line.hasPrefix("summary:") || line.hasPrefix("totals:"):
                total = line.split(separator: " ").dropFirst(1 + event).first.flatMap { Int($0) }
            default: break
            }
        }

        mutating func finished() -> [String: Int] {
            close()
            return sums.filter { $0.value != 0 }
        }

        private mutating func close() {
            sums[object, default: 0] += open
            open = 0
        }

        /// Zeros at a line's end may be left out.
        private func cost(_ line: Substring) -> Int {
            let fields = line.split(separator: " ")
            return positions + event < fields.count ? Int(fields[positions + event]) ?? 0 : 0
        }

        private mutating func name(_ text: Substring) -> String {
            guard text.hasPrefix("("), let end = text.firstIndex(of: ")") else { return InstructionCount.shortName(ofObject: text) }
            let path = text[text.index(after: end)...].drop { $0 == " " }
            if !path.isEmpty { names[text[...end]] = InstructionCount.shortName(ofObject: path) }
            return names[text[...end]] ?? InstructionCount.shortName(ofObject: "")
        }
    }
}
