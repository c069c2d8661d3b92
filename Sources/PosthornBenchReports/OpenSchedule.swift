/// An open model of load: events have times of their own, whatever becomes of those before them, and how late each of them is
/// counts from its time. A load that waits for answers would leave out the very moments when nothing answers.
package struct OpenSchedule: Sendable {
    /// When the first one is due, in nanoseconds of any clock.
    package let start: Int64
    package let perSecond: Double

    package init(start: Int64, perSecond: Double) {
        self.start = start
        self.perSecond = perSecond
    }

    /// When the event with this number, from 0 on, is due.
    package func due(_ number: Int) -> Int64 { start + Int64((Double(number) * 1e9 / perSecond).rounded()) }

    /// How many are due in the first so many seconds.
    package func count(seconds: Int) -> Int { max(1, Int(Double(seconds) * perSecond)) }
}

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
