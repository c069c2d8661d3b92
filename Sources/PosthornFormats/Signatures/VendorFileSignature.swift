import PosthornModel
import PosthornText

/// A request as a vendor's file says it: body, query, headers and signatures.
struct VendorFileSignature: SignatureFormat {
    static let members = [VendorDocument.member]
    static let secretMembers: [String] = []
    static let keptMembers = [KeptMember.previousSecrets, KeptMember.rotatedFrom]
    static let rotatedMember: String? = nil

    static func required(_ settings: EndpointSettings) -> [String] {
        guard let file = try? KeptVendor.file(settings, isProved: true) else { return members }
        return members + file.description.requiredNames
    }

    static func members(_ settings: EndpointSettings) -> [String] { KeptVendor.members(settings) }

    static func rotatedMembers(_ settings: EndpointSettings) -> [String] {
        (try? KeptVendor.file(settings, isProved: true))?.description.keyNames ?? []
    }

    static func carriesSeveral(_ settings: EndpointSettings) -> Bool {
        rotatedMembers(settings).contains { carriesSeveral(settings, $0) }
    }

    static func carriesSeveral(_ settings: EndpointSettings, _ member: String) -> Bool {
        (try? KeptVendor.file(settings, isProved: true))?.description.carriesSeveral(member) ?? false
    }

    static func accepts(secret: String, as member: String, _ settings: EndpointSettings) -> Bool {
        guard let file = try? KeptVendor.file(settings, isProved: true), var values = try? KeptVendor.credentials(settings) else {
            return false
        }
        values[member] = secret
        return (try? VendorKeys(file.description, values, isSending: true)) != nil
    }

    static func makeSecret(_ member: String, like settings: EndpointSettings, from bytes: [UInt8]) throws(InputProblem)
        -> (secret: String, shown: String)
    {
        let signatures = try KeptVendor.file(settings, isProved: true).description.signatures
        guard let signature = signatures.first(where: { $0.key.name == member }), let text = signature.madeKey(of: bytes) else {
            let kind = signatures.first { $0.key.name == member }?.algorithm.name ?? member
            throw InputProblem(
                .incompatible,
                field: CredentialReader.field(member),
                reason: "is a key of \(kind), which is not made here; give the new one"
            )
        }
        return (text, text)
    }

    /// What makes the requests.
    let composer: VendorComposer
    /// What the vendor takes for a success.
    let success: [ClosedRange<Int>]
    let headerNames: [String]
    let needsCheck: Bool

    init(_ settings: EndpointSettings, _ reader: CredentialReader, now: Timestamp) throws(InputProblem) {
        let vendor = try KeptVendor.vendor(settings, isProved: true)
        if settings.method == .get {
            throw InputProblem(
                .incompatible,
                field: "method",
                value: settings.method.rawValue,
                reason: "is not for vendors' files; use POST"
            )
        }
        composer = try vendor.composer(url: settings.url)
        success = vendor.file.description.success
        headerNames = vendor.file.description.headerNames + vendor.file.types.flatMap { $0.headers.map(\.name) }
        needsCheck = vendor.file.description.wantsOfData
    }

    static func check(_ settings: EndpointSettings, _ reader: CredentialReader) throws(InputProblem) -> any SignatureCheck {
        let file = try KeptVendor.file(settings, isProved: true)
        return VendorFileCheck(verifier: try VendorVerifier(file.description, credentials: try KeptVendor.credentials(settings)))
    }
}

/// The receiver's side of a vendor's file, whose requests come to the endpoint's URL.
private struct VendorFileCheck: SignatureCheck {
    let verifier: VendorVerifier

    func isGenuine(_ request: SignatureVerifier.Request, _ own: SignatureVerifier, _ now: Timestamp) throws(InputProblem) -> Bool {
        let received = VendorVerifier.Request(
            method: request.method.rawValue,
            url: String(decoding: VendorComposer.url(Array(own.settings.url.utf8), adding: request.query), as: UTF8.self),
            headers: request.headers,
            body: request.body
        )
        switch verifier.verify(received, now: now) {
        case .genuine: return true
        case .unsigned: return false
        case .refused(let problem): throw problem
        }
    }
}

extension VendorDescription.Signature {
    /// Random bytes in the form of this signature's key; `nil` for a key that others have to make: a pair, or a user with a password.
    fileprivate func madeKey(of bytes: [UInt8]) -> String? {
        if algorithm.pair != nil { return nil }
        if case .basic = algorithm { return nil }
        let prefix = key.prefix ?? ""
        switch key.encoding {
        case .text, .hex: return prefix + Hex.text(bytes)
        case .base64: return prefix + Base64.text(bytes)
        case .base64url:
            var text: [UInt8] = []
            BinaryText.base64url.append(bytes, to: &text)
            return prefix + String(decoding: text, as: UTF8.self)
        case .pem: return nil
        }
    }
}

extension VendorDescription {
    /// The credentials without which nothing can be sent.
    fileprivate var requiredNames: [String] {
        let given = Set(config.filter { $0.standard != nil }.map(\.name))
        return credentialNames.filter { !given.contains($0) }
    }

    /// The headers that the vendor writes.
    fileprivate var headerNames: [String] {
        headers.map(\.name) + signatures.compactMap { if case .header(let name, _) = $0.place { name } else { nil } }
    }

    /// Whether some data of events cannot be sent: those without a place for what is written into them.
    fileprivate var wantsOfData: Bool { form == .form || !places.isEmpty }
}
