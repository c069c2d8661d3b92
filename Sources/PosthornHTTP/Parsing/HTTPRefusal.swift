/// Why the server itself refuses a request, without a word from the handler.
public struct HTTPRefusal: Error, Equatable, Sendable {
    /// The status it is answered with, 400 to 599.
    public let status: Int
    /// What is wrong, as one line for the caller.
    public let reason: String

    init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    /// A request that breaks HTTP's grammar, or that two readers could take differently.
    static func malformed(_ reason: String) -> HTTPRefusal { HTTPRefusal(400, reason) }
}
