/// One case and how a receiver did.
public struct AuditResult: Sendable {
    /// The case.
    public let `case`: AuditCase
    /// What it is worth.
    public let verdict: AuditVerdict
    /// What came, for people: `200`, or why there was no answer.
    public let answer: String
    /// The status of the answer; `nil` where there was none.
    public let status: Int?

    init(_ one: AuditCase, _ verdict: AuditVerdict, status: Int) {
        self.case = one
        self.verdict = verdict
        self.status = status
        answer = String(status)
    }

    init(_ one: AuditCase, _ verdict: AuditVerdict, _ reason: String) {
        self.case = one
        self.verdict = verdict
        status = nil
        answer = reason
    }
}
