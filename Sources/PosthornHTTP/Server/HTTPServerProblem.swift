import Glibc

/// Why a server could not start; one line for the operator.
public struct HTTPServerProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// The cause, fit for a program to decide on.
    public enum Code: String, Sendable {
        case portInUse, permissionDenied, addressNotAvailable, unknownHost, invalidConfiguration, outOfResources
    }

    /// The cause.
    public let code: Code
    /// What happened, where, and what to do.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// The problem behind an error number of `socket`, `bind` or `listen`.
    init(errno number: Int32, at place: String, isUnix: Bool = false) {
        let text = "cannot listen on \(place)"
        switch number {
        case EADDRINUSE where isUnix:
            self.init(.portInUse, "\(text): another program listens there; choose another path or stop it")
        case EADDRINUSE: self.init(.portInUse, "\(text): another program uses this port; choose another port or stop it")
        case EACCES where isUnix, EPERM where isUnix, EROFS:
            self.init(.permissionDenied, "\(text): the folder does not let this user make a socket; choose another one")
        case EACCES, EPERM: self.init(.permissionDenied, "\(text): ports below 1024 need privileges; choose a higher one")
        case ENOENT, ENOTDIR: self.init(.addressNotAvailable, "\(text): there is no such folder; make it, or choose another one")
        case EADDRNOTAVAIL, EAFNOSUPPORT: self.init(.addressNotAvailable, "\(text): this machine has no such address")
        default: self.init(.outOfResources, "\(text): \(String(cString: strerror(number)))")
        }
    }
}
