public import Posthorn

/// A request that went out in a test, as its receiver would have got it.
public struct SentRequest: Sendable, Hashable {
    /// The event's id.
    public let event: String
    /// The event's type.
    public let type: String
    /// The attempt's number, counted from 1.
    public let attempt: Int
    /// Where it went.
    public let url: String
    /// POST or GET.
    public let method: RequestMethod
    /// The headers, with lower-case names.
    public let headers: [EndpointSettings.Header]
    /// The body.
    public let body: [UInt8]
    /// When it went out, by the test's clock.
    public let time: Timestamp

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of the first header of a name; `nil` when there is none.
    public func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name == wanted }?.value
    }
}
