/// What connections are shared by: requests with the same one may go over the same connection. libcurl compares the same things,
/// host names as they are written, not addresses.
package struct HostKey: Hashable {
    private let isPlainHTTP: Bool
    private let host: String
    private let port: UInt16
    /// What the client proves itself with.
    private let certificate: [UInt8]?
    private let key: [UInt8]?
    private let hash: UInt64

    /// - Parameter hash: Of host and port: one number for as long as the key lives.
    package init(isPlainHTTP: Bool, host: String, port: UInt16, certificate: [UInt8]? = nil, key: [UInt8]? = nil, hash: UInt64) {
        self.isPlainHTTP = isPlainHTTP
        self.host = host
        self.port = port
        self.certificate = certificate
        self.key = key
        self.hash = hash
    }

    // The hash is kept: this is looked up for every request.
    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
