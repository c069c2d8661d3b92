import PosthornText

/// An address of a receiver's name that no request of a load went to: it took no connection before the load, and another one did.
public struct LeftOutAddress: Equatable, Sendable {
    /// Where it is, with the port.
    public let address: String
    /// Why it took no connection.
    public let reason: String

    var json: JSONValue { .object([.init("address", .string(address)), .init("reason", .string(reason))]) }
}
