/// Cuts bytes that come bit by bit into lines.
struct LineCutter: Sendable {
    private var rest: [UInt8] = []
    private let limitBytes: Int

    /// - Parameter limitBytes: The longest line.
    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Takes more bytes.
    /// - Parameter visit: Gets each line that is whole, without its end.
    /// - Returns: Whether all lines are short enough; after `false` nothing more is to be taken.
    mutating func cut(_ bytes: UnsafeBufferPointer<UInt8>, _ visit: ([UInt8]) -> Void) -> Bool {
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A)
            let part = bytes[start..<(end ?? bytes.count)]
            if rest.count + part.count > limitBytes { return false }
            guard let end else {
                rest += part
                return true
            }
            visit(rest.isEmpty ? Array(part) : rest + part)
            rest.removeAll(keepingCapacity: rest.capacity <= 65_536)
            start = end + 1
        }
        return true
    }

    /// The last line may lack its end.
    mutating func end(_ visit: ([UInt8]) -> Void) {
        if !rest.isEmpty { visit(rest) }
        rest = []
    }
}
