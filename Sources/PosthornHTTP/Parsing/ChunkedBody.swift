/// Takes the chunks off a body (RFC 9112, section 7.1). Trailer fields are checked and dropped: a field that comes
/// after the decision over a request must not change it.
struct ChunkedBody: Sendable {
    enum Step: Equatable {
        /// These bytes of the input belong to the body.
        case body(Range<Int>)
        /// The body, its trailers included, is over.
        case end
        /// More input is needed.
        case unfinished
        case refused(HTTPRefusal)
    }

    private enum State {
        case size
        case data(left: Int)
        case dataEnd(hasReturn: Bool)
        case trailer
    }

    /// Sizes with their extensions are short; a longer line is an attack on memory.
    static let lineLimitBytes = 512
    /// How many bytes of extensions a body may have in all. No known client sends any.
    static let extensionLimitBytes = 16 << 10

    private var state = State.size
    private var lines = LineReader()
    private var line: [UInt8] = []
    private var lineBudget = Self.lineLimitBytes
    private var extensionBudget = Self.extensionLimitBytes
    /// How many bytes the body may still have; `nil` for as many as come.
    var bodyBudget: Int?
    private var trailerBudget: Int
    private var trailersLeft: Int

    /// - Parameters:
    ///   - trailerBytes: How long the trailer fields may be together.
    ///   - trailers: How many there may be.
    init(trailerBytes: Int, trailers: Int) {
        trailerBudget = trailerBytes
        trailersLeft = trailers
    }

    /// The next step of the input from `position` on.
    mutating func next(_ input: Span<UInt8>, _ position: inout Int) -> Step {
        while true {
            switch state {
            case .size:
                switch lines.read(input, &position, into: &line, budget: &lineBudget) {
                case .unfinished: return .unfinished
                case .tooLong: return .refused(.malformed("a chunk's size is longer than \(Self.lineLimitBytes) bytes with its extensions"))
                case .malformed: return .refused(.malformed("a chunk's size has a character that must not be there"))
                case .line:
                    if let refusal = begin() { return .refused(refusal) }
                }
            case .data(let left):
                guard position < input.count else { return .unfinished }
                let range = position..<min(input.count, position + left)
                position = range.upperBound
                state = range.count == left ? .dataEnd(hasReturn: false) : .data(left: left - range.count)
                return .body(range)
            case .dataEnd(let hasReturn):
                guard position < input.count else { return .unfinished }
                guard input[position] == (hasReturn ? .lineFeed : .carriageReturn) else {
                    return .refused(.malformed("a chunk is longer than its size says"))
                }
                position += 1
                state = hasReturn ? .size : .dataEnd(hasReturn: true)
            case .trailer:
                switch lines.read(input, &position, into: &line, budget: &trailerBudget) {
                case .unfinished: return .unfinished
                case .tooLong: return .refused(HTTPRefusal(431, "the trailer fields are too long"))
                case .malformed: return .refused(.malformed("a trailer field has a character that must not be there"))
                case .line:
                    if line.isEmpty { return .end }
                    if let refusal = trailer() { return .refused(refusal) }
                }
            }
        }
    }

    /// A size has been read.
    private mutating func begin() -> HTTPRefusal? {
        do throws(HTTPRefusal) {
            let (size, extensionBytes) = try ChunkLine.read(line.span)
            extensionBudget -= extensionBytes
            guard extensionBudget >= 0 else {
                throw .malformed("the chunks' extensions are longer than \(Self.extensionLimitBytes) bytes")
            }
            if let budget = bodyBudget {
                guard size <= budget else { throw HTTPRefusal(413, "the body is too long") }
                bodyBudget = budget - size
            }
            state = size > 0 ? .data(left: size) : .trailer
        } catch {
            return error
        }
        line.removeAll(keepingCapacity: true)
        lineBudget = Self.lineLimitBytes
        return nil
    }

    private mutating func trailer() -> HTTPRefusal? {
        trailersLeft -= 1
        guard trailersLeft >= 0 else { return HTTPRefusal(431, "there are too many trailer fields") }
        do throws(HTTPRefusal) { _ = try FieldLine(line.span) } catch { return error }
        line.removeAll(keepingCapacity: true)
        return nil
    }
}
