package import PosthornModel
package import PosthornText

/// Credentials and fixed headers, which often hold some, on their way into and out of a row: sealed when there is a key, else as JSON.
/// A row that one store has written reads the same in another.
package struct StoredSecrets {
    private let sealing: (any CredentialSealing)?
    private let place: String

    /// - Parameters:
    ///   - sealing: What seals them; `nil` where they are stored in the clear.
    ///   - place: What messages call the outbox.
    package init(sealing: (any CredentialSealing)?, place: String) {
        self.sealing = sealing
        self.place = place
    }

    /// What an endpoint without credentials stores, sealed or not: there is nothing to hide.
    private static let none = "{}"
    /// No header has an empty name, so that member can hold the sealed values; the others keep the names, for lists.
    private static let sealedMember = ""

    /// Fixed headers as they stand in a row.
    package struct StoredHeaders {
        fileprivate let members: [JSONValue.Member]

        /// None.
        package init() { members = [] }

        /// `nil` when the text means nothing.
        package init?(_ bytes: [UInt8]) {
            guard case .object(let members)? = try? JSONValue.parse(bytes) else { return nil }
            self.members = members
        }

        /// The sealed values, if they are sealed.
        fileprivate var sealed: String? { members.first { $0.key == StoredSecrets.sealedMember }?.value.stringValue }

        /// Whether their values are sealed.
        package var isSealed: Bool { sealed != nil }
    }

    /// An endpoint whose row means nothing to this program.
    func damaged(_ id: String) -> OutboxProblem {
        OutboxProblem(
            .damaged,
            "posthorn_endpoint row \(InputProblem.printable(id)) of \(place) holds a value that this program cannot read"
        )
    }

    private func open(_ sealed: String, ofEndpoint id: String) throws(OutboxProblem) -> [UInt8] {
        guard let sealing else {
            throw OutboxProblem(
                .key,
                "the credentials or fixed headers of endpoint \(InputProblem.printable(id)) in \(place) are sealed and no key was given",
                remedy: .giveKey
            )
        }
        return try sealing.open(sealed, ofEndpoint: id)
    }

    /// The text to store for credentials.
    package func stored(_ credentials: [String: JSONValue], ofEndpoint id: String) throws(OutboxProblem) -> String {
        let text = JSONValue.object(credentials.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) }).text
        guard let sealing, text != Self.none else { return text }
        return try sealing.seal(Array(text.utf8), ofEndpoint: id)
    }

    /// The credentials that a stored text stands for.
    package func credentials(stored bytes: [UInt8], ofEndpoint id: String) throws(OutboxProblem) -> [String: JSONValue] {
        // What is sealed never begins so.
        let isClear = bytes.first == UInt8(ascii: "{")
        let plain = isClear ? bytes : try open(String(decoding: bytes, as: UTF8.self), ofEndpoint: id)
        guard case .object(let members)? = try? JSONValue.parse(plain) else { throw damaged(id) }
        return Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// The text to store for fixed headers.
    package func stored(_ headers: [EndpointSettings.Header], ofEndpoint id: String) throws(OutboxProblem) -> String {
        guard let sealing, !headers.isEmpty else {
            return JSONValue.object(headers.map { .init($0.name, .string($0.value)) }).text
        }
        // An array, so that it can never be taken for credentials, which are an object.
        let values = JSONValue.array(headers.map { .array([.string($0.name), .string($0.value)]) }).text
        let sealed = try sealing.seal(Array(values.utf8), ofEndpoint: id)
        return JSONValue.object(headers.map { .init($0.name, .string("")) } + [.init(Self.sealedMember, .string(sealed))]).text
    }

    /// The fixed headers that stored ones stand for.
    /// - Parameter opening: Whether their values are wanted; without them no key is needed.
    package func headers(_ stored: StoredHeaders, ofEndpoint id: String, opening: Bool) throws(OutboxProblem) -> [EndpointSettings.Header] {
        guard opening else {
            return stored.members.filter { $0.key != Self.sealedMember }.map { EndpointSettings.Header(name: $0.key, value: "") }
        }
        guard let sealed = stored.sealed else {
            return stored.members.map { EndpointSettings.Header(name: $0.key, value: $0.value.stringValue ?? "") }
        }
        let plain = try open(sealed, ofEndpoint: id)
        guard case .array(let pairs)? = try? JSONValue.parse(plain) else { throw damaged(id) }
        return pairs.compactMap { pair in
            guard case .array(let parts) = pair, parts.count == 2 else { return nil }
            return EndpointSettings.Header(name: parts[0].stringValue ?? "", value: parts[1].stringValue ?? "")
        }
    }
}

extension JSONValue {
    /// The text of a string; `nil` for every other value.
    package var stringValue: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
