public import PosthornModel

/// diio's validation: a GET with `echo_string=<random>`, answered by 200 and exactly that value as plain text.
///
/// The caller sends it with ``EndpointComposer/composeQuery(_:into:)``, so that the same egress guard and the same
/// deadline hold as for a delivery.
public struct DiioHandshake: Sendable {
    /// What the receiver must answer: 32 lower-case hexadecimal characters.
    public let value: String

    /// A handshake with a value nobody can guess.
    /// - Parameter random: Gives that many random bytes.
    public init(random: (Int) -> [UInt8] = SecureRandom.bytes) { value = Hex.text(random(16)) }

    /// What is added to the URL's query, without `?` or `&` in front.
    public var query: [UInt8] { Array("echo_string=\(value)".utf8) }

    /// Throws unless the answer proves that the receiver knows of the webhook.
    ///
    /// - Parameters:
    ///   - status: The answer's status.
    ///   - body: The answer's body, or as much of it as was read.
    public func judge(status: Int, body: [UInt8]) throws(InputProblem) {
        guard status == 200 else {
            throw InputProblem(.badAnswer, field: "handshake", value: String(status), reason: "is not the status 200")
        }
        if ConstantTime.equal(body, value.utf8) { return }
        throw InputProblem(
            .badAnswer,
            field: "handshake",
            reason: "was answered with \(difference(of: body)); answer exactly the value of echo_string as plain text"
        )
    }

    /// What is wrong with the answer. It never repeats the answer, which may be another tenant's page.
    private func difference(of body: [UInt8]) -> String {
        if body.isEmpty { return "an empty body" }
        let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
        let trimmed = body.drop { blanks.contains($0) }.reversed().drop { blanks.contains($0) }.reversed()
        if trimmed.elementsEqual(value.utf8) { return "blanks or line breaks around the value" }
        if trimmed.elementsEqual("\"\(value)\"".utf8) { return "the value in quotes (as JSON)" }
        return body.count > value.utf8.count ? "a longer text" : "another text"
    }
}
