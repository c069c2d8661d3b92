/// The time that an event is due, carried in its data so that whoever receives it can tell how late it is.
package enum DueMark {
    private static let key: [UInt8] = Array(#""at":"#.utf8)

    /// An event's data of about so many bytes that holds the mark.
    package static func data(at nanoseconds: Int64, bytes: Int) -> [UInt8] {
        let head = "{\"at\":\(nanoseconds),\"pad\":\""
        return Array(head.utf8) + [UInt8](repeating: UInt8(ascii: "y"), count: max(0, bytes - head.utf8.count - 2)) + Array("\"}".utf8)
    }

    /// Every mark in what came with one read, in order.
    package static func find(in bytes: UnsafeRawBufferPointer, _ visit: (Int64) -> Void) {
        var position = 0
        while position + key.count < bytes.count {
            guard bytes[position] == key[0], key.indices.allSatisfy({ bytes[position + $0] == key[$0] }) else {
                position += 1
                continue
            }
            position += key.count
            var value: Int64 = 0
            while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
                value = value &* 10 &+ Int64(bytes[position] - 0x30)
                position += 1
            }
            visit(value)
        }
    }
}
