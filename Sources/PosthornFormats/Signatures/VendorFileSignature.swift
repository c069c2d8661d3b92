import PosthornModel
import PosthornText

/// A request as a vendor's file says it: body, query, headers and signatures.
struct VendorFileSignature: SignatureFormat {
    static let members = [VendorDocument.member]
    static let secretMembers: [String] = []
    static let keptMembers: [String] = []
    static let rotatedMember: String? = nil

    static func required(_ settings: EndpointSettings) -> [String] {
        guard let file = try? KeptVendor.file(settings, isProved: true) else { return members }
        return members + file.description.requiredNames
    }

    static func members(_ settings: EndpointSettings) -> [String] { KeptVendor.members(settings) }

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
