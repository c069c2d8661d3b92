/// What a benchmark's receiver does with connections: the options `--tls` and `--closing`.
struct ReceiverKind {
    /// Whether requests go over TLS.
    var isTLS = false
    /// Whether the receiver closes each connection after one answer.
    var closes = false

    /// The sink of this program takes clear text over connections that stay.
    var needsNginx: Bool { isTLS || closes }

    /// The options of a benchmark that has such a receiver.
    static func options<Subject>(_ path: WritableKeyPath<Subject, ReceiverKind>) -> [BenchOption<Subject>] {
        [
            .flag("--tls", "HTTPS, to an nginx with TLS 1.3 and ECDSA P-256 keys", path.appending(path: \.isTLS)),
            .flag("--closing", "the receiver, an nginx, closes each connection after one answer", path.appending(path: \.closes)),
        ]
    }

    /// For a title.
    var text: String { (isTLS ? ", HTTPS" : "") + (closes ? ", closing after each answer" : "") }
}
