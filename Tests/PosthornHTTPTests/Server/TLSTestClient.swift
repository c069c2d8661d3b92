import CPosthornTLS
import Glibc

/// A client that speaks TLS with OpenSSL, blocking, and trusts whatever certificate it is shown.
final class TLSTestClient {
    private let context: OpaquePointer
    private let handle: OpaquePointer
    private let descriptor: Int32

    /// TLS was not agreed, or no connection came about.
    struct Problem: Error {}

    /// - Parameters:
    ///   - newest: The newest version that it offers, such as `TLS1_2_VERSION`; 0 for the newest there is.
    ///   - isWeak: Whether it offers what OpenSSL itself does not any more.
    init(port: Int, newest: Int32 = 0, isWeak: Bool = false) throws {
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw Problem() }
        // SSL_CTX_set_max_proto_version, a macro.
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(newest), nil)
        if isWeak {
            SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, 0, nil)
            SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0")
        }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected, let handle = SSL_new(context) else {
            close(descriptor)
            SSL_CTX_free(context)
            throw Problem()
        }
        (self.context, self.handle, self.descriptor) = (context, handle, descriptor)
        SSL_set_fd(handle, descriptor)
        ERR_clear_error()
        if SSL_connect(handle) != 1 { throw Problem() }
    }

    deinit {
        SSL_free(handle)
        SSL_CTX_free(context)
        close(descriptor)
    }

    /// The version that was agreed on.
    var version: String { String(cString: SSL_get_version(handle)) }

    /// Sends all of a text.
    func send(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { SSL_write(handle, $0.baseAddress, Int32(clamping: $0.count)) }
            if sent <= 0 { return }
            rest = rest.dropFirst(Int(sent))
        }
    }

    /// Reads until the bytes hold a text, or the other side ends.
    func read(until text: String) -> String {
        var all: [UInt8] = []
        let wanted = Array(text.utf8)
        while !all.suffix(wanted.count).elementsEqual(wanted), let more = readSome() { all += more }
        return String(decoding: all, as: UTF8.self)
    }

    /// Reads to the end.
    /// - Returns: How many bytes came, and whether the other side has said that it was the end (close_notify).
    func readToEnd() -> (bytes: Int, isClean: Bool) {
        var count = 0
        while let more = readSome() { count += more.count }
        return (count, SSL_get_shutdown(handle) & SSL_RECEIVED_SHUTDOWN != 0)
    }

    private func readSome() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 32 << 10)
        ERR_clear_error()
        let count = SSL_read(handle, &buffer, Int32(buffer.count))
        return count > 0 ? Array(buffer[..<Int(count)]) : nil
    }
}
