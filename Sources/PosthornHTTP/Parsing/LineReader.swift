/// Gathers one line up to its CR LF, over as many pieces as it comes in (RFC 9112, section 2.2).
///
/// A bare CR, a bare LF and every other control character are refused the moment they come: where one reader sees the end of
/// a line and another does not, a request can be smuggled past the one to the other.
struct LineReader: Sendable {
    enum Step: Equatable {
        /// The line is whole; its end is not part of it.
        case line
        /// More input is needed.
        case unfinished
        /// The line's end did not come within the limit.
        case tooLong
        /// There is a byte that no line can hold.
        case malformed
    }

    private var hasReturn = false

    /// Takes bytes off the input.
    /// - Parameters:
    ///   - input: What has come.
    ///   - position: Where to read on in it; moved behind what was taken.
    ///   - line: What the bytes are appended to.
    ///   - budget: How many more bytes may be taken, the line's end included; lowered by what was taken.
    mutating func read(_ input: Span<UInt8>, _ position: inout Int, into line: inout [UInt8], budget: inout Int) -> Step {
        if hasReturn { return readLineFeed(input, &position, &budget) }
        let start = position
        let end = min(input.count, start + budget)
        var i = start
        while i < end, input[i].isText { i += 1 }
        input.extracting(start..<i).withUnsafeBufferPointer { line.append(contentsOf: $0) }
        position = i
        budget -= i - start
        guard i < input.count else { return .unfinished }
        guard i < end else { return .tooLong }
        guard input[i] == .carriageReturn else { return .malformed }
        position += 1
        budget -= 1
        hasReturn = true
        return readLineFeed(input, &position, &budget)
    }

    private mutating func readLineFeed(_ input: Span<UInt8>, _ position: inout Int, _ budget: inout Int) -> Step {
        guard position < input.count else { return .unfinished }
        guard budget > 0 else { return .tooLong }
        guard input[position] == .lineFeed else { return .malformed }
        position += 1
        budget -= 1
        hasReturn = false
        return .line
    }
}
