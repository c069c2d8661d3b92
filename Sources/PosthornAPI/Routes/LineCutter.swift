/// Cuts bytes that come bit by bit into lines.
struct LineCutter: Sendable {
    private var rest: [UInt8] = []
    /// Whether the bytes up to the next line end belong to a line that was too long.
    private var isSkipping = false
    private let limitBytes: Int

    /// - Parameter limitBytes: The longest line.
    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Takes more bytes.
    /// - Parameter visit: Gets each line that is whole, without its end, in their order; `nil` for one that is too long, as soon as it is.
    mutating func cut(_ bytes: UnsafeBufferPointer<UInt8>, _ visit: ([UInt8]?) -> Void) {
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A)
            let part = bytes[start..<(end ?? bytes.count)]
            if !isSkipping, rest.count + part.count > limitBytes {
                visit(nil)
                isSkipping = true
                rest = []
            }
            guard let end else {
                if !isSkipping { rest += part }
                return
            }
            if !isSkipping {
                visit(rest.isEmpty ? Array(part) : rest + part)
                rest.removeAll(keepingCapacity: rest.capacity <= 65_536)
            }
            isSkipping = false
            start = end + 1
        }
    }

    /// The last line may lack its end.
    mutating func end(_ visit: ([UInt8]?) -> Void) {
        if !rest.isEmpty { visit(rest) }
        rest = []
    }
}
