import Glibc
import PosthornModel
import PosthornText

/// The top-level members of a JSON object that was checked when its event was accepted.
///
/// ``JSONScanner`` checks everything; this one only finds where members stand, because it runs for every attempt of
/// some formats. It never reads outside the buffer, whatever the bytes are.
struct ObjectMembers {
    /// A member's place: the key with its quotes, and the value.
    struct Member {
        let key: Range<Int>
        /// Whether the key holds a backslash, so that its bytes are not its text.
        let isKeyEscaped: Bool
        let value: Range<Int>
    }

    let bytes: UnsafeBufferPointer<UInt8>
    /// Where the first byte after the opening brace is.
    let start: Int
    private var position: Int

    /// `nil` unless an object starts the bytes.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        position = 0
        while position < bytes.count, Self.isBlank(bytes[position]) { position += 1 }
        guard position < bytes.count, bytes[position] == UInt8(ascii: "{") else { return nil }
        position += 1
        start = position
    }

    /// The next member; `nil` at the end of the object, and where the bytes stop being JSON.
    mutating func next() -> Member? {
        skipBlanks()
        if current == UInt8(ascii: ",") {
            position += 1
            skipBlanks()
        }
        guard current == UInt8(ascii: "\"") else { return nil }
        let keyStart = position
        let isKeyEscaped = skipString()
        let key = keyStart..<position
        skipBlanks()
        guard current == UInt8(ascii: ":") else { return nil }
        position += 1
        skipBlanks()
        let valueStart = position
        skipValue()
        return Member(key: key, isKeyEscaped: isKeyEscaped, value: valueStart..<position)
    }

    /// The value of the member called `name`, which holds nothing that JSON must escape.
    mutating func value(of name: StaticString) -> Range<Int>? {
        while let member = next() {
            if isKey(of: member, name) { return member.value }
        }
        return nil
    }

    /// Whether a member's key spells `name`, however it is escaped.
    func isKey(of member: Member, _ name: StaticString) -> Bool {
        if member.isKeyEscaped { return string(at: member.key).map { $0.utf8.elementsEqual(name.description.utf8) } == true }
        guard member.key.count == name.utf8CodeUnitCount + 2, let start = bytes.baseAddress else { return false }
        return memcmp(start + member.key.lowerBound + 1, name.utf8Start, name.utf8CodeUnitCount) == 0
    }

    /// The decoded text of the string at `range`; `nil` when another kind of value stands there.
    func string(at range: Range<Int>) -> String? {
        var scanner = JSONScanner(UnsafeBufferPointer(rebasing: bytes[range]))
        return try? scanner.string()
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private mutating func skipBlanks() {
        while position < bytes.count, Self.isBlank(bytes[position]) { position += 1 }
    }

    /// Skips a string with its quotes and returns whether it holds a backslash.
    @discardableResult
    private mutating func skipString() -> Bool {
        var place = position + 1
        var isEscaped = false
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                place += 1
            }
        }
        position = Swift.min(place, bytes.count)
        return isEscaped
    }

    private mutating func skipValue() {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                skipString()
                if depth == 0 { return }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
                if depth == 0 {
                    position += 1
                    return
                }
            case UInt8(ascii: ","): if depth == 0 { return }
            case let byte: if depth == 0, Self.isBlank(byte) { return }
            }
            position += 1
        }
    }
}
