import Glibc

/// The kinds of sockets as numbers. In a room that also sees libcurl's headers, the compiler finds glibc's names for them or does not, by the
/// order in which it reads the files.
package enum SocketKind {
    /// TCP.
    package static let stream = Int32(SOCK_STREAM.rawValue)
    /// UDP.
    package static let datagram = Int32(SOCK_DGRAM.rawValue)
    /// Packets as they are.
    package static let raw = Int32(SOCK_RAW.rawValue)
    /// Added to a kind: programs that are started do not inherit it.
    package static let closeOnExec = Int32(SOCK_CLOEXEC.rawValue)
}
