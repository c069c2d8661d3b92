public import PosthornModel

extension Credentials {
    /// The credentials that an endpoint cannot do without, by their names and in the order in which they are usually told.
    public static func required(_ settings: EndpointSettings) -> [String] {
        switch settings.signature {
        case .none: return []
        case .diio: return ["signing_secret"]
        case .conferenceToken: return ["token"]
        case .webioJWT: return ["api_key", "secret", "organisation_id"]
        // A GET has no body for the key.
        case .voisoKey: return settings.method == .post ? ["key"] : []
        case .standardWebhooks: return ["secret"]
        case .hmac: return ["secret", "header"]
        }
    }

    /// Every credential that a topology file may give an endpoint.
    public static func allowed(_ settings: EndpointSettings) -> [String] { CredentialReader.configured(settings) }
}
