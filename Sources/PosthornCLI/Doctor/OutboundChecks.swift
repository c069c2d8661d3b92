import PosthornSending
import PosthornText

/// How requests leave: the proxy is connected to, and the source address is bound to; nothing is sent.
enum OutboundChecks {
    static func all(_ egress: EgressGuard) -> [Finding] {
        OutboundArguments.sentences(egress).map { check, text in
            let problem = check == "proxy" ? egress.proxy.flatMap { OutboundProbe.problem($0, egress) } : OutboundProbe.problem(egress)
            return Finding(problem == nil ? .ok : .problem, check, problem.map { "\(text); \(TerminalText.text($0))" } ?? text)
        }
    }
}
