import PosthornModel
import PosthornText

/// The vendor's file that an endpoint keeps among its credentials, with its keys.
enum KeptVendor {
    /// The largest document: the extension has a few kilobytes, and there is one an endpoint.
    static let limitBytes = 262_144

    /// The vendor of an endpoint.
    /// - Parameter isProved: Whether the document's vectors have come out before, and need not again.
    /// - Throws: What is wrong with the document, as `vendor` and a JSON Pointer, or which credential is missing or of no use.
    static func vendor(_ settings: EndpointSettings, isProved: Bool) throws(InputProblem) -> FileVendor {
        let file = try file(settings, isProved: isProved)
        var credentials = try credentials(settings)
        let ends = try addReplaced(settings, file.description, to: &credentials)
        return try FileVendor(file, credentials: credentials, ends: ends)
    }

    /// Adds the secrets that rotations replaced, as further keys.
    /// - Returns: Until when each of those signs.
    private static func addReplaced(
        _ settings: EndpointSettings,
        _ description: VendorDescription,
        to credentials: inout [String: String]
    ) throws(InputProblem) -> [String: Timestamp] {
        var ends: [String: Timestamp] = [:]
        for previous in try PreviousSecret.list(settings.credentials[KeptMember.previousSecrets]) {
            guard let name = previous.name, description.carriesSeveral(name) else { continue }
            var number = 2
            while credentials["\(name).\(number)"] != nil { number += 1 }
            credentials["\(name).\(number)"] = previous.text
            ends["\(name).\(number)"] = previous.validUntil
        }
        return ends
    }

    /// The credentials that the file names.
    static func credentials(_ settings: EndpointSettings) throws(InputProblem) -> [String: String] {
        var credentials: [String: String] = [:]
        for (name, value) in settings.credentials where !isOwn(name) && value != .null {
            guard case .string(let text) = value else {
                throw InputProblem(field: CredentialReader.field(name), reason: "must be a string, not \(value.kindName)")
            }
            credentials[name] = text
        }
        return credentials
    }

    static func file(_ settings: EndpointSettings, isProved: Bool) throws(InputProblem) -> VendorFile {
        guard let document = VendorDocument.of(settings) else {
            throw InputProblem(
                .missing,
                field: CredentialReader.field(VendorDocument.member),
                reason: "is missing: signature \(settings.signature.rawValue) is said by a vendor's file; write \"vendor\": \"file:PATH\""
            )
        }
        do throws(InputProblem) { return try VendorFile(kept: document, isProved: isProved) } catch {
            throw error.at(error.field.hasPrefix("/") ? "vendor\(error.field)" : "vendor")
        }
    }

    /// Whether a credential is Posthorn's own, and none that the file names.
    private static func isOwn(_ name: String) -> Bool {
        name == VendorDocument.member || TLSMember.all.contains(name) || KeptMember.all.contains(name)
    }

    /// The names that an endpoint's file gives its credentials, and those of further keys that are there.
    static func members(_ settings: EndpointSettings) -> [String] {
        guard let file = try? file(settings, isProved: true) else {
            // What is wrong with it is said by who makes requests of it.
            return [VendorDocument.member] + settings.credentials.keys
        }
        let names = file.description.credentialNames
        let further = settings.credentials.keys.filter { name in
            names.contains { name.hasPrefix("\($0).") && name.dropFirst($0.count + 1).allSatisfy(\.isWholeNumber) }
        }
        return [VendorDocument.member] + names + further.sorted()
    }

    /// Whether a credential beside a vendor's file is a secret: each is but those that the file itself calls configuration.
    static func isSecret(_ name: String, _ document: JSONValue) -> Bool {
        if name == VendorDocument.member || name == TLSMember.certificate { return false }
        return document[VendorDescription.member]?["config"]?[name] == nil
    }

    /// Throws unless the document of an endpoint that is applied is small, right, and proved by its vectors.
    static func prove(_ settings: EndpointSettings) throws(InputProblem) {
        if let document = VendorDocument.of(settings), document.text.utf8.count > limitBytes {
            throw InputProblem(
                .tooLarge,
                field: "vendor",
                reason: "has more than \(limitBytes) bytes beside examples; leave types out whose headers have examples"
            )
        }
        _ = try vendor(settings, isProved: false)
    }
}
