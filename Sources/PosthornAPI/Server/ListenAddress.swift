package import PosthornHTTP
package import PosthornModel
import PosthornSystem

/// Where the API listens: `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`.
package struct ListenAddress: Sendable, Equatable {
    /// The same for the server.
    package let address: HTTPServerConfiguration.Address
    /// Whether only this machine reaches it.
    package let isLoopback: Bool
    /// Whether it is a socket in the file system.
    package let isUnixSocket: Bool

    /// Who may connect to a Unix socket: its owner and the group.
    private static let socketMode: UInt32 = 0o660

    /// Reads an address.
    /// - Throws: What is wrong with it, for people.
    package init(_ text: String) throws(InputProblem) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            if path.isEmpty { throw InputProblem(field: "listen", value: text, reason: "names no file; write unix:PATH") }
            address = .unix(path: path, mode: Self.socketMode)
            (isLoopback, isUnixSocket) = (false, true)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port) else {
            throw InputProblem(field: "listen", value: text, reason: "is no address; write HOST:PORT, such as 127.0.0.1:8080, or unix:PATH")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host.isEmpty {
            throw InputProblem(field: "listen", value: text, reason: "names no host; 0.0.0.0 is all of this machine's addresses")
        }
        address = .tcp(host: host, port: port)
        isLoopback = host == "localhost" || (NetworkAddress(host)?.isLoopback ?? false)
        isUnixSocket = false
    }
}
