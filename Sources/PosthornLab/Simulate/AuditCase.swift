/// One thing that a receiver should handle, and what a good one does.
public enum AuditCase: String, CaseIterable, Sendable {
    case handshake, good, duplicate
    case wrongSignature = "wrong_signature"
    case noSignature = "no_signature"
    case oldTimestamp = "old_timestamp"
    case unknownType = "unknown_type"
    case unknownField = "unknown_field"
    case bigBody = "big_body"
    case wrongContentType = "wrong_content_type"
    case brokenJSON = "broken_json"

    /// What a good receiver does, in words.
    public var expectation: String {
        switch self {
        case .handshake: return "answers with the value of echo_string"
        case .good: return "200"
        case .duplicate: return "200; whether it acts a second time, answers do not show"
        case .wrongSignature, .noSignature: return "401 or another refusal"
        case .oldTimestamp: return "a refusal: signed an hour ago, it may be a replay"
        case .unknownType: return "200: vendors add types"
        case .unknownField: return "200: vendors add members"
        case .bigBody: return "200, or 413 for a megabyte"
        case .wrongContentType: return "better a refusal, such as 415"
        case .brokenJSON: return "better a refusal, such as 400"
        }
    }

    /// Judges what a receiver answered.
    func judge(_ status: Int) -> AuditVerdict {
        let isRefusal = (400..<500).contains(status)
        switch self {
        case .handshake, .good, .unknownType, .unknownField: return status == 200 ? .good : .bad
        case .duplicate: return status == 200 ? .unknown : .bad
        case .wrongSignature, .noSignature, .oldTimestamp: return isRefusal ? .good : .bad
        case .bigBody: return status == 200 || status == 413 ? .good : .bad
        case .wrongContentType, .brokenJSON: return isRefusal ? .good : status == 200 ? .acceptable : .bad
        }
    }
}
