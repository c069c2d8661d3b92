import PosthornModel
import PosthornText

/// What goes out of date.
enum SecretChecks {
    /// Long enough to have a new certificate made, and to give it to a receiver.
    static let warningMilliseconds: Int64 = 30 * 86_400_000

    /// Client certificates that receivers refuse, or soon will.
    static func certificates(_ validities: [String: CertificateValidity], at now: Timestamp) -> [Finding] {
        let findings = validities.sorted { $0.key < $1.key }.compactMap { finding($0, $1, at: now) }
        if !findings.isEmpty || validities.isEmpty { return findings }
        let first = validities.values.map(\.until).min() ?? now
        return [Finding(.ok, "client cert", "\(HumanText.count(validities.count, "endpoint")) with one, valid until \(first) at least")]
    }

    private static func finding(_ id: String, _ validity: CertificateValidity, at now: Timestamp) -> Finding? {
        let subject = "the client certificate of \(TerminalText.text(id)), or one of its chain,"
        let remedy = "have a new one made, and apply the topology with it and its key"
        if validity.until <= now {
            let ago = HumanText.distance(to: validity.until, from: now)
            return Finding(
                .problem,
                "client cert",
                "\(subject) has expired on \(validity.until) (\(ago)), so receivers refuse it; \(remedy)"
            )
        }
        if validity.from > now {
            return Finding(
                .problem,
                "client cert",
                "\(subject) is valid only from \(validity.from) on (\(HumanText.distance(to: validity.from, from: now))), so receivers refuse it until "
                    + "then; check the machine's clock, or apply a certificate that is already valid"
            )
        }
        guard validity.until.milliseconds - now.milliseconds < warningMilliseconds else { return nil }
        return Finding(
            .warn,
            "client cert",
            "\(subject) expires on \(validity.until) (\(HumanText.distance(to: validity.until, from: now))); \(remedy)"
        )
    }
}
