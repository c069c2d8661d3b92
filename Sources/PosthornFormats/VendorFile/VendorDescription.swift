package import PosthornModel
import PosthornText

/// How a vendor sends webhooks, as its file says it: the extension `x-webhook-sender` of an OpenAPI document.
///
/// It holds no secret: keys are given beside it, by their names.
package struct VendorDescription: Sendable {
    /// How a vendor writes the body.
    enum BodyForm: String, CaseIterable, Sendable {
        /// The event's data as they are.
        case json
        /// An array with the event's data as its only element.
        case batch
        /// The members of the event's data as a form (`application/x-www-form-urlencoded`).
        case form
    }

    /// A key by its name in `--credential`.
    struct Key: Sendable {
        enum Encoding: String, CaseIterable, Sendable { case text, hex, base64, base64url, pem }
        let name: String
        let encoding: Encoding
        /// What comes before the key and is not part of it, such as `whsec_`.
        let prefix: String?
    }

    /// Where a signature goes.
    enum Place: Sendable {
        case header(String, VendorTemplate)
        case json(JSONPointer)
        case query(String)
    }

    /// What is done with the signatures of further keys, while a sender rotates.
    enum Repetition: Sendable {
        /// They follow in the same header.
        case joined(VendorTemplate)
        /// Each has a header of its own; `{n}` is the key's number, from 1.
        case numbered(VendorTemplate)
    }

    /// One signature of a request.
    struct Signature: Sendable {
        let algorithm: VendorAlgorithm
        let key: Key
        let content: VendorTemplate
        let encoding: BinaryText
        let place: Place
        let repetition: Repetition?
        /// Of a JSON Web Token.
        let claims: [(name: String, value: Claim)]
        let tokenHeader: [(name: String, template: VendorTemplate)]
        let pointer: String
    }

    enum Claim: Sendable {
        case text(VendorTemplate)
        case value(JSONValue)
    }

    /// Where a receiver finds what makes events distinct.
    package enum Finder: Sendable {
        /// The value of a header.
        case header(String)
        /// The value in the body that a JSON Pointer leads to.
        case json(String)
    }

    /// A question that a vendor asks before it sends, or now and then.
    struct Handshake: Sendable {
        let method: RequestMethod
        let query: [(name: String, template: VendorTemplate)]
        let body: VendorTemplate?
        /// What a good receiver answers; `nil` where the status is enough.
        let answer: VendorTemplate?
        let answerPointer: JSONPointer?
        let status: ClosedRange<Int>
        let isSigned: Bool
        /// Whether it is signed wrongly on purpose, and a good receiver refuses it.
        let isWronglySigned: Bool
    }

    /// The vendor's name, as the document's title has it.
    package var title = ""
    var form = BodyForm.json
    var headers: [(name: String, template: VendorTemplate)] = []
    var fills: [(pointer: JSONPointer, template: VendorTemplate)] = []
    var query: [(name: String, template: VendorTemplate)] = []
    var signatures: [Signature] = []
    var config: [(name: String, standard: String?)] = []
    /// How far a signed time may be from the receiver's clock; `nil` where the vendor names no bound.
    package var toleranceSeconds: Int?
    /// The statuses that the vendor takes for a success.
    package var success: [ClosedRange<Int>] = [200...299]
    /// How long the vendor waits for an answer; `nil` where it does not say.
    package var timeoutMilliseconds: Int?
    /// The moments of further attempts, from the first attempt on; `nil` where the vendor does not say.
    package var retry: RetrySchedule?
    /// Where the event's id is.
    package var identity: Finder?
    /// Where the event's type is.
    package var type: Finder?
    var handshakes: [Handshake] = []
    var vectors: [VendorVector] = []

    /// The names that `--credential` gives values to: keys first, then what is agreed upon.
    package var credentialNames: [String] {
        var names: [String] = []
        for name in signatures.map(\.key.name) + config.map(\.name) where !names.contains(name) { names.append(name) }
        return names
    }

    /// The names of its keys.
    package var keyNames: [String] { Array(Set(signatures.map(\.key.name))).sorted() }

    /// Whether requests carry a signature of a further key of this name beside that of the first.
    func carriesSeveral(_ name: String) -> Bool { signatures.contains { $0.key.name == name && $0.repetition != nil } }

    /// What a key is for; `nil` for a name that is no key's.
    package func algorithm(ofKey name: String) -> String? { signatures.first { $0.key.name == name }?.algorithm.name }

    /// Whether the vendor takes this status for a success.
    package func isSuccess(_ status: Int) -> Bool { success.contains { $0.contains(status) } }

    /// Whether its requests are signed, so that wrong ones can be made.
    package var isSigned: Bool { !signatures.isEmpty }

    /// Whether the signature covers the moment, and the vendor says how old it may be.
    package var signsTime: Bool {
        toleranceSeconds != nil
            && signatures.contains { signature in
                let isInContent = signature.content.words.contains { if case .timestamp = $0 { true } else { false } }
                return isInContent
                    || signature.claims.contains { if case .text(let text) = $0.value { text.timeForm != nil } else { false } }
                    || fills.contains { $0.template.timeForm != nil && signature.content.holds(.body) }
            }
    }

    /// Whether each event's own id is in its requests.
    package var carriesEventID: Bool {
        (headers.map(\.template) + fills.map(\.template)).contains { $0.holds(.id) || $0.holds(.uuid) }
    }
}

extension VendorTemplate {
    /// How the moment is written where the template is the moment alone.
    var timeForm: VendorWord.TimeForm? { if case .timestamp(let form)? = onlyWord { form } else { nil } }
}
