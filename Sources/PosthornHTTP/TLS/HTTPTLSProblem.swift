import CPosthornTLS
import Glibc

/// Why a server cannot speak TLS with a certificate and a key.
public struct HTTPTLSProblem: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Part: Sendable {
        case certificate, key
    }

    /// Which of the two it is about.
    public let part: Part
    /// What is wrong with it and how to mend it, to be read behind the file's name.
    public let reason: String

    init(_ part: Part, _ reason: String) {
        self.part = part
        self.reason = reason
    }
}
