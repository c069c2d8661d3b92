public import PosthornModel

extension Credentials {
    /// The credentials that an endpoint cannot do without, by their names and in the order in which they are usually told.
    public static func required(_ settings: EndpointSettings) -> [String] {
        settings.signature.format.required(settings)
    }

    /// Every credential that a topology file may give an endpoint.
    public static func allowed(_ settings: EndpointSettings) -> [String] { CredentialReader.configured(settings) }
}
