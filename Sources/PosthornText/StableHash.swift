/// FNV-1a with 64 bits and a last stir: the same bytes give the same number in every run, which Swift's `Hasher` does not.
/// For seeds and for telling ids apart; no defence against chosen collisions.
package struct StableHash {
    private static let start: UInt64 = 0xCBF2_9CE4_8422_2325
    private var state = Self.start

    /// The hash of nothing.
    package init() {}

    /// Takes bytes in; each call is a part of its own.
    package mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { state = Self.step(state, byte) }
        // Parts are kept apart: "ab", "c" is not "a", "bc".
        state = Self.step(state, 0xFF)
    }

    @inline(__always)
    private static func step(_ state: UInt64, _ byte: UInt8) -> UInt64 { (state ^ UInt64(byte)) &* 0x100_0000_01B3 }

    /// FNV-1a of some bytes as others compute it too, without the stir.
    package static func fnv1a(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBufferPointer { bytes in
            var state = start
            for position in 0..<bytes.count { state = step(state, bytes[position]) }
            return state
        }
    }

    /// The same as 16 hexadecimal digits: it tells an edited file from the one that was seen before, and no more.
    package static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = String(fnv1a(bytes), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The finished hash (SplitMix64's last steps spread the bits).
    package var value: UInt64 { SeededGenerator.spread(state) }
}
