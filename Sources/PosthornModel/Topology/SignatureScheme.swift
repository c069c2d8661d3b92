/// How a receiver knows that a request comes from us.
public enum SignatureScheme: String, CaseIterable, Sendable {
    /// Not at all.
    case none
    /// By diio's HMAC in its headers.
    case diio
    /// By a fixed token in a header, as iotum's conferences send it.
    case conferenceToken = "conference-token"
    /// By Webio's token, a JWT.
    case webioJWT = "webio-jwt"
    /// By Voiso's key in the body.
    case voisoKey = "voiso-key"
    /// By the signatures of Standard Webhooks.
    case standardWebhooks = "standard-webhooks"
    /// By an HMAC of what the credentials say, in the headers that they say.
    case hmac
    /// As a vendor's file says it, which the credentials hold as `VendorDocument.member` and which describes the body too. The envelope
    /// is ``Envelope/raw``.
    case vendorFile = "vendor-file"
}
