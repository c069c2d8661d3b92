import PosthornModel

/// Whether a request bears the signature it should.
public enum ReceiverVerdict: Equatable, Sendable {
    /// It was not checked: no secret is known.
    case unchecked
    /// It is the sender's.
    case valid
    /// Its format has none in such a request, so that anybody may have sent it; why.
    case unsigned(String)
    /// It is not, or it is missing; why.
    case invalid(String)
}
