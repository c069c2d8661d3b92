import CPosthornLinux
import Glibc

/// A call to the operating system that failed.
public struct SystemProblem: Error, Sendable, CustomStringConvertible {
    /// What was called.
    public let call: String
    /// The error number it gave.
    public let code: Int32

    /// A failed `call` with its `errno`.
    public init(_ call: String, _ code: Int32) {
        self.call = call
        self.code = code
    }

    /// The call and the system's text for the error, with a remedy where there is one.
    public var description: String {
        let remedy = code == EMFILE ? "; raise the limit (ulimit -n, or LimitNOFILE= of the service)" : ""
        return "\(call): \(String(cString: strerror(code)))\(remedy)"
    }
}
