import PosthornModel
import PosthornText

/// An envelope that puts the type into the data, and is nothing else.
protocol TypeInsertingEnvelope: EnvelopeFormat {
    /// Where it goes.
    static var insertion: TypeInsertion { get }
}

extension TypeInsertingEnvelope {
    var needsCheck: Bool { true }

    func check(type: String, data: UnsafeBufferPointer<UInt8>) throws(InputProblem) { try Self.insertion.check(type: type, data: data) }

    func write(
        _ accepted: AcceptedEvent,
        data: UnsafeBufferPointer<UInt8>,
        attempt: Int,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        try Self.insertion.write(accepted.event.type, data, to: &request.body)
    }

    static func read(_ members: BodyMembers, into received: inout ReceivedEvent) throws(InputProblem) {
        received.type = try members.string("\(insertion.name)")
        received.data = members.body
    }
}

/// A body that is the data with the event's type as its first member, as diio and Webio have it.
///
/// Data that has the member already, with the type as its value, goes out as it is; with another value it is refused, since two
/// programs read an object with a key twice in two ways.
struct TypeInsertion: Sendable {
    /// The member's name.
    let name: StaticString
    /// `{"action":`
    private let beforeType: [UInt8]

    /// - Parameter name: The member's name, which needs no escapes.
    init(_ name: StaticString) {
        self.name = name
        beforeType = Array("{\"\(name)\":".utf8)
    }

    /// Throws when the member stands there with another value.
    func check(type: String, data: UnsafeBufferPointer<UInt8>) throws(InputProblem) { _ = try insertion(type: type, data: data) }

    /// Appends the body.
    func write(_ type: String, _ data: UnsafeBufferPointer<UInt8>, to body: inout [UInt8]) throws(InputProblem) {
        guard let insertion = try insertion(type: type, data: data) else {
            body.append(contentsOf: data)
            return
        }
        body.append(contentsOf: data[..<(insertion.position - 1)])
        body.append(contentsOf: beforeType)
        body.append(jsonString: type)
        if !insertion.isOnlyMember { body.append(UInt8(ascii: ",")) }
        body.append(contentsOf: data[insertion.position...])
    }

    /// Where the type goes into the data; `nil` when it stands there already.
    private func insertion(
        type: String,
        data: UnsafeBufferPointer<UInt8>
    ) throws(InputProblem) -> (position: Int, isOnlyMember: Bool)? {
        guard var members = ObjectMembers(data) else { throw InputProblem(field: "data", reason: "is not a JSON object") }
        var isEmpty = true
        while let member = members.next() {
            isEmpty = false
            guard members.isKey(of: member, name) else { continue }
            if members.string(at: member.value) == type { return nil }
            throw InputProblem(
                .incompatible,
                field: "data.\(name)",
                reason: "has another value than the event's type, which this endpoint's format puts there; rename the member"
            )
        }
        return (members.start, isEmpty)
    }
}
