public import PosthornModel
import PosthornStore
import PosthornFormats

/// The key that an outbox's credentials are sealed with: AES-256-GCM, each endpoint's for itself.
///
/// Every process that uses credentials needs it: the engine, `apply`, commands that call an endpoint. Lists and programs that
/// emit events do not; what an emitter without it hands in is checked against the formats of sealed endpoints when it is sent.
public struct OutboxKey: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    let box: SecretBox

    /// Reads a key: 64 hexadecimal characters, or 32 bytes in base64. Blanks and line breaks around it do not count.
    /// - Throws: What a key looks like, never what was given.
    public init(text: String) throws(InputProblem) { box = try SecretBox(key: SecretBox.key(fromText: text)) }

    /// Nothing of the key.
    public var description: String { "***" }

    /// Nothing of the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Seals credentials with an outbox's key.
struct SealedCredentials: CredentialSealing {
    private let box: SecretBox
    /// Of the key that it takes the place of: it opens what is not sealed again yet, and seals nothing.
    private let former: SecretBox?

    init(_ key: OutboxKey, inPlaceOf former: OutboxKey? = nil) {
        box = key.box
        self.former = former?.box
    }

    func seal(_ credentials: [UInt8], ofEndpoint id: String) throws(OutboxProblem) -> String {
        do throws(InputProblem) { return try box.seal(credentials, context: id) } catch {
            throw OutboxProblem(.other, "cannot seal the credentials of endpoint \(InputProblem.printable(id)): \(error.reason)")
        }
    }

    func open(_ sealed: String, ofEndpoint id: String) throws(OutboxProblem) -> [UInt8] {
        if let former, let opened = try? former.open(sealed, context: id) { return opened }
        do throws(InputProblem) { return try box.open(sealed, context: id) } catch {
            throw OutboxProblem(
                .key,
                "the credentials or fixed headers of endpoint \(InputProblem.printable(id)) \(error.reason)",
                remedy: error.remedy
            )
        }
    }
}
