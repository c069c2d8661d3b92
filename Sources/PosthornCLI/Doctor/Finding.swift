/// What the doctor says of one thing.
struct Finding: Sendable, Equatable {
    /// How bad it is. The words stand in the output.
    enum Severity: String, Sendable { case ok, warn, problem }

    let severity: Severity
    /// What was looked at: one word or two.
    let check: String
    /// What was found and, unless it is well, what to do.
    let message: String

    init(_ severity: Severity, _ check: String, _ message: String) {
        self.severity = severity
        self.check = check
        self.message = message
    }
}
