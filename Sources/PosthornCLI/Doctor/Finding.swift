import PosthornText

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

    /// Writes findings, a line each.
    /// - Returns: The exit status: 1 when one of them is a problem.
    static func report(_ findings: [Finding], _ context: Context) -> Int32 {
        for finding in findings { context.output.write(context.json ? finding.json : finding.text) }
        return findings.contains { $0.severity == .problem } ? 1 : 0
    }

    private var text: String {
        let padding = String(repeating: " ", count: 7 - severity.rawValue.count)
        let name = check + String(repeating: " ", count: max(0, 12 - check.count))
        return "\(severity.rawValue)\(padding)  \(name)  \(message)\n"
    }

    private var json: String {
        var line = JSONLine()
        line.add("severity", severity.rawValue)
        line.add("check", check)
        line.add("message", message)
        return line.text + "\n"
    }
}
