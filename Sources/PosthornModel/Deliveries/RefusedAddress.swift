/// What is said of an address that no request goes to.
package enum RefusedAddress {
    /// What is said behind an address that is forbidden altogether.
    package static let forbidden = "is in a range that the egress guard forbids"
    /// The beginning of what is said where only plain http is refused.
    package static let plainHTTP = "plain http goes only to ranges that are opened"

    /// The text of an error for those who see one tree alone. A URL's host is theirs to choose, and which address its name leads to, and
    /// whether the guard forbids that, would tell them how the operator's network is laid out.
    package static func text(_ text: String, _ error: AttemptError?) -> String {
        if error != .refusedAddress { return text }
        return text.contains(plainHTTP) ? "\(plainHTTP); use https" : "the name leads to an address that no request goes to"
    }

    /// The same of why an endpoint is in its state, which has no error beside it.
    package static func reason(_ reason: String) -> String {
        let isOfAddress = reason.contains(forbidden) || reason.contains(plainHTTP)
        return text(reason, isOfAddress ? .refusedAddress : nil)
    }
}
