package import PosthornFormats

/// One path of a receiver that is several vendors' receiver.
package struct ReceiverHook: Sendable {
    /// Where it looks for an event's id and type.
    package let identity: IdentityRule
    /// The vendor's questions to a new URL that it answers, where a file describes them.
    package let handshakes: [VendorHandshake]
    /// Looks at a request's signature.
    package let check: Receiver.Check

    package init(identity: IdentityRule, handshakes: [VendorHandshake], check: @escaping Receiver.Check) {
        self.identity = identity
        self.handshakes = handshakes
        self.check = check
    }
}
