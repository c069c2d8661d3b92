/// What waits to be handed to the system, in order.
struct OutputQueue {
    private var pieces: [[UInt8]] = []
    /// How much of the first piece is gone.
    private var sent = 0
    /// Bytes that wait.
    private(set) var count = 0

    /// Whether nothing waits.
    var isEmpty: Bool { count == 0 }

    /// Adds a piece at the end.
    mutating func append(_ piece: [UInt8]) {
        if piece.isEmpty { return }
        pieces.append(piece)
        count += piece.count
    }

    /// Gives out what is next, until it is not taken whole.
    /// - Parameter send: Sends bytes, and says how many were taken; `nil` to give up.
    /// - Returns: Whether it was not given up.
    mutating func drain(_ send: (UnsafeRawBufferPointer) -> Int?) -> Bool {
        var done = 0
        defer { pieces.removeFirst(done) }
        while done < pieces.count {
            let rest = pieces[done].count - sent
            let taken = pieces[done].withUnsafeBytes { send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
            guard let taken else { return false }
            count -= taken
            if taken < rest {
                sent += taken
                return true
            }
            done += 1
            sent = 0
        }
        return true
    }
}
