package import PosthornModel
package import PosthornText

/// A vendor that a file describes, with its keys.
package struct FileVendor: Sendable {
    /// What the file says.
    package let file: VendorFile
    /// Keys and settings by the names that the file gives them.
    package let credentials: [String: String]
    /// Until when further keys among them sign, by their names; a rotation replaced them.
    private let ends: [String: Timestamp]

    /// - Throws: Which credential is unknown, missing or of no use for sending.
    package init(_ file: VendorFile, credentials: [String: String]) throws(InputProblem) {
        try self.init(file, credentials: credentials, ends: [:])
    }

    /// - Parameter ends: Until when further keys sign, by their names, where they do not sign on.
    init(_ file: VendorFile, credentials: [String: String], ends: [String: Timestamp]) throws(InputProblem) {
        self.file = file
        self.credentials = credentials
        self.ends = ends
        _ = try composer(url: "")
    }

    /// A vendor whose requests are only looked at: of key pairs the public half is enough, and without any key nothing is checked.
    package init(receiving file: VendorFile, credentials: [String: String]) throws(InputProblem) {
        self.file = file
        self.credentials = credentials
        ends = [:]
        if !credentials.isEmpty { _ = try VendorVerifier(file.description, credentials: credentials) }
    }

    /// The vendor of an endpoint that has a vendor's file; `nil` for another endpoint.
    package init?(_ settings: EndpointSettings) throws(InputProblem) {
        if settings.signature != .vendorFile { return nil }
        self = try KeptVendor.vendor(settings, isProved: false)
    }

    /// An example for an endpoint that has a vendor's file; `nil` for another endpoint, and for a type that the file has no example of.
    package static func sample(of settings: EndpointSettings, type: String?) throws(InputProblem) -> (type: String, data: [UInt8])? {
        guard settings.signature == .vendorFile else { return nil }
        let file = try KeptVendor.file(settings, isProved: true)
        guard let first = file.types.first, let data = first.samples.first else { return nil }
        return (type ?? first.name, data)
    }

    /// Whether there is a key to check its requests with.
    package var canVerify: Bool { file.description.isSigned && !credentials.isEmpty }

    /// Makes its requests to a URL.
    /// - Parameters:
    ///   - url: Where they go.
    ///   - headers: More headers.
    ///   - isSpoiled: Whether signatures are to be wrong, and of the right form.
    package func composer(
        url: String,
        headers: [EndpointSettings.Header] = [],
        isSpoiled: Bool = false
    ) throws(InputProblem) -> VendorComposer {
        try VendorComposer(file, credentials: credentials, ends: ends, url: url, headers: headers, isSpoiled: isSpoiled)
    }

    /// Looks at its requests.
    package func verifier() throws(InputProblem) -> VendorVerifier { try VendorVerifier(file.description, credentials: credentials) }

    /// Its keys in the form of credentials that are secret as a whole, to be looked for in what is shown.
    package var redactedCredentials: [String: JSONValue] {
        let names = file.description.keyNames
        let secrets = credentials.filter { name, _ in names.contains { name == $0 || name.hasPrefix("\($0).") } }.map(\.value).sorted()
        return [KeptMember.previousSecrets: .array(secrets.map { .object([.init("secret", .string($0))]) })]
    }

    /// Whether a signature covers the URL.
    package var signsURL: Bool { file.description.signatures.contains { $0.content.holds(.url) } }

    /// A URL without the parameters that the vendor itself adds to it.
    package func withoutOwnQuery(_ url: String) -> String {
        let own = Set(file.description.query.map(\.name))
        guard !own.isEmpty, let mark = url.firstIndex(of: "?") else { return url }
        let pairs = url[url.index(after: mark)...].split(separator: "&").filter { pair in
            !own.contains(String(pair.prefix { $0 != "=" }))
        }
        return String(url[..<mark]) + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }

    /// The id that a request is told apart by, as a receiver finds it; `nil` where the file does not say where it is.
    package func identity(of request: OutboundRequest) -> [UInt8]? {
        guard let finder = file.description.identity else { return nil }
        return VendorDescription.find(finder, headers: Self.headers(of: request), body: request.body).map { Array($0.utf8) }
    }

    /// Bytes as base64.
    package static func base64(_ bytes: [UInt8]) -> String { Base64.text(bytes) }

    /// The bytes of base64; `nil` for a text that is none.
    package static func bytes(base64 text: String) -> [UInt8]? { Base64.decode(text.utf8) }

    /// The header lines of a request as names and values.
    package static func headers(of request: OutboundRequest) -> [(name: String, value: String)] {
        String(decoding: request.headers, as: UTF8.self).split(separator: "\r\n").map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
    }
}

extension FileVendor {
    /// Takes the signatures out of a request that was made.
    package func removeSignatures(from request: inout OutboundRequest) {
        var names: Set<String> = []
        for signature in file.description.signatures {
            switch signature.place {
            case .header(let name, _): names.insert(name.lowercased())
            case .json(let pointer): _ = pointer.replace(in: &request.body, by: [])
            case .query(let name):
                let pairs = request.query.split(separator: UInt8(ascii: "&")).filter { !$0.starts(with: "\(name)=".utf8) }
                request.query = Array(pairs.joined(separator: [UInt8(ascii: "&")]))
            }
        }
        let lines = Self.headers(of: request).filter { !names.contains($0.name.lowercased()) }
        request.headers = Array(lines.map { "\($0.name): \($0.value)" }.joined(separator: "\r\n").utf8)
    }
}

extension VendorDescription {
    /// Whether every byte of the body is covered by a signature.
    package var signsBody: Bool {
        signatures.contains { signature in
            let isInClaims = signature.claims.contains { claim in
                if case .text(let template) = claim.value { template.words.contains(where: \.isOfBody) } else { false }
            }
            return isInClaims || signature.content.words.contains(where: \.isOfBody)
        }
    }
}
