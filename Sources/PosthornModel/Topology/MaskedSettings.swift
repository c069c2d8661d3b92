import PosthornText

/// A topology that was exported without its secrets has `***` in place of each. Applied to the outbox that it is from, that stands for
/// what is stored.
extension EndpointSettings {
    /// The settings with what is stored in place of each `***`: as the credentials as a whole, a credential, the value of a header
    /// or of a part of the URL's query.
    /// - Parameter stored: What is stored for the endpoint; `nil` for a new one.
    /// - Throws: What is `***` and has nothing stored in its place.
    public func unmasked(from stored: EndpointSettings?) throws(InputProblem) -> EndpointSettings {
        var whole = self
        if MaskedURL.isMasked(url) {
            guard let restored = MaskedURL.restored(url, from: stored?.url ?? "") else { throw nothingStored("url") }
            whole.url = restored
        }
        if keepsCredentials {
            guard let stored else { throw nothingStored("credentials") }
            // A vendor's document is no secret, and stands for itself.
            whole.credentials = stored.credentials.merging(credentials.filter { $0.key == VendorDocument.member }) { $1 }
            whole.keepsCredentials = false
        }
        for (name, value) in credentials where value == .string(MaskedURL.mark) {
            guard let kept = stored?.credentials[name] else {
                throw nothingStored("credentials.\(InputProblem.printable(name))")
            }
            whole.credentials[name] = kept
        }
        whole.headers = try headers.map { (header) throws(InputProblem) in
            if header.value != MaskedURL.mark { return header }
            guard let kept = stored?.headers.first(where: { $0.name == header.name }) else {
                throw nothingStored("headers.\(HeaderRules.shown(name: header.name))")
            }
            return kept
        }
        return whole
    }

    private func nothingStored(_ field: String) -> InputProblem {
        InputProblem(
            .notFound,
            field: field,
            value: MaskedURL.mark,
            reason: "is what stands for a stored value, and none is stored there; write the value itself, or export the topology with "
                + "its secrets"
        )
    }

    /// The settings without what must be stored to be known: header values and those of the URL's query become `***`.
    /// - Parameter isSecret: Whether a credential of that name is a secret.
    public func masked(isSecret: (String) -> Bool) -> EndpointSettings {
        var shown = self
        shown.url = MaskedURL.text(url)
        shown.headers = headers.map { Header(name: $0.name, value: MaskedURL.mark) }
        shown.credentials = Dictionary(
            uniqueKeysWithValues: credentials.map { ($0.key, isSecret($0.key) ? .string(MaskedURL.mark) : $0.value) }
        )
        return shown
    }
}
