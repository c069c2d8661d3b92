/// What a request is called in its answer and in logs: 16 hexadecimal digits.
public struct HTTPRequestID: Hashable, Sendable, CustomStringConvertible {
    /// The number.
    public let value: UInt64

    /// The request of this number.
    public init(_ value: UInt64) { self.value = value }

    /// As it is sent and logged.
    public var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
