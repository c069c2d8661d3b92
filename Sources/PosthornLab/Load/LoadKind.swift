/// What a request of a load was meant to be.
public enum LoadKind: Int, CaseIterable, Sendable {
    /// As it should be.
    case plain
    /// Signed with another secret.
    case wronglySigned
    /// An event that was sent before.
    case duplicate
    /// Made and signed an hour ago.
    case late
    /// Sent after events that are younger.
    case reordered

    /// Its key in JSON.
    public var name: String {
        switch self {
        case .plain: return "plain"
        case .wronglySigned: return "wrong_signature"
        case .duplicate: return "duplicate"
        case .late: return "late"
        case .reordered: return "reordered"
        }
    }

    /// Whether a receiver that does its checks answers it with something else than 200, where signed times are checked or not.
    func isToBeRefused(signsTime: Bool) -> Bool {
        switch self {
        case .wronglySigned: return true
        case .late: return signsTime
        case .plain, .duplicate, .reordered: return false
        }
    }
}
