/// A vendor whose webhooks Posthorn speaks: a name for an envelope and a signature together.
public enum Vendor: String, CaseIterable, Sendable {
    /// WeSeeDo, which signs nothing.
    case weseedo
    /// diio, which asks a new URL a question first.
    case diio
    /// iotum's conferences.
    case conference
    /// Webio.
    case webio
    /// Voiso.
    case voiso
    /// Standard Webhooks, for platforms that have no format of their own.
    case standard

    /// The body that this vendor sends.
    public var envelope: Envelope {
        switch self {
        case .weseedo: return .weseedo
        case .diio: return .diio
        case .conference: return .conference
        case .webio: return .webio
        case .voiso: return .voiso
        case .standard: return .standard
        }
    }

    /// How this vendor proves who it is.
    public var signature: SignatureScheme {
        switch self {
        case .weseedo: return .none
        case .diio: return .diio
        case .conference: return .conferenceToken
        case .webio: return .webioJWT
        case .voiso: return .voisoKey
        case .standard: return .standardWebhooks
        }
    }
}
