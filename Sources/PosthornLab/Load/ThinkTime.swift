public import PosthornModel
import PosthornSending
import PosthornText

/// How long a caller waits after an answer before it asks again: always the same, or anything between two lengths, each as likely.
public struct ThinkTime: Equatable, Sendable {
    /// In nanoseconds.
    public let shortest: Int64
    /// In nanoseconds; not shorter than the other.
    public let longest: Int64

    /// Reads `2s` or `500ms..2s`.
    /// - Throws: ``InputProblem`` when it is none, with an example of one.
    public init(_ text: String) throws(InputProblem) {
        let dots = text.firstRange(of: "..")
        let first = Quantity.nanoseconds(dots.map { text[..<$0.lowerBound] } ?? text[...])
        let last = dots.map { Quantity.nanoseconds(text[$0.upperBound...]) } ?? first
        guard let first, let last, first <= last, last > 0 else {
            throw InputProblem(
                field: "think-time",
                value: text,
                reason: "is no length of time; write 2s, or 500ms..2s for anything between the two"
            )
        }
        (shortest, longest) = (first, last)
    }

    /// The next one.
    func next(_ random: inout SeededGenerator) -> Int64 {
        if shortest == longest { return shortest }
        return shortest + Int64((Double(longest - shortest) * random.fraction()).rounded())
    }
}

/// One thread's callers that think before they ask again. A value without a clock.
struct ThinkingCallers {
    private let time: ThinkTime
    private var random: SeededGenerator
    /// The moments at which those who think will ask.
    private var moments = DueHeap()

    /// - Parameters:
    ///   - count: How many there are on this thread. They begin spread over one think time, as callers do that know nothing of each other.
    ///   - start: When the first one begins.
    init(_ time: ThinkTime, count: Int, start: Int64, seed: UInt64, thread: Int) {
        self.time = time
        random = SeededGenerator(seed: seed, "think", UInt64(thread))
        for number in 0..<count { insert(start + Int64(Double(time.longest) * Double(number) / Double(count))) }
    }

    /// When the next one asks; `nil` while all of them wait for answers.
    var next: Int64? { moments.first?.due }

    /// The next one asks.
    mutating func ask() { moments.removeFirst() }

    /// One has its answer, and begins to think.
    mutating func answered(at moment: Int64) { insert(moment + time.next(&random)) }

    /// All callers are alike, so an item says when alone.
    private mutating func insert(_ moment: Int64) { moments.insert(DueHeap.Item(due: moment, lane: 0, version: 0)) }
}
