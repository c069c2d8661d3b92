import CPosthornCurl

/// Why no way through the proxy came about, and whose matter that is: what the proxy refuses, or that it is not there, is this side's own
/// fault; that it does not reach the receiver is the receiver's. Pure.
enum ProxyTrouble: Equatable {
    /// The proxy is not there, does not speak as it should, or refuses.
    case proxy(String)
    /// It does not reach the receiver.
    case receiver(String)
    /// It has not answered in time: it hangs, or waits for the receiver.
    case silence
    /// Nothing that has to do with the proxy.
    case other

    /// What is known at the end of a try that had no tunnel.
    /// - Parameters:
    ///   - code: libcurl's result.
    ///   - isConnected: Whether there was a connection to the proxy.
    ///   - status: What it answered to CONNECT; 0 for nothing (CURLINFO_HTTP_CONNECTCODE).
    ///   - proxyCode: What SOCKS ended with (CURLINFO_PROXY_ERROR).
    init(_ code: CURLcode, isConnected: Bool, status: Int, proxyCode: CURLproxycode) {
        switch code {
        case CURLE_COULDNT_RESOLVE_PROXY: self = .proxy("its name cannot be resolved")
        case CURLE_COULDNT_CONNECT: self = .proxy("it cannot be connected to")
        case CURLE_OPERATION_TIMEDOUT: self = isConnected ? .silence : .proxy("it cannot be connected to in time")
        case CURLE_PROXY: self = Self.socks(proxyCode)
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP_RETURNED_ERROR,
            CURLE_UNSUPPORTED_PROTOCOL:
            self = status == 0 ? .proxy("it closed the connection, or did not answer as a proxy does") : Self.http(status)
        default: self = .other
        }
    }

    /// Proxies say by a 5xx that they do not reach a host (502 and 504 by RFC 9110; 503 and 500 in the wild), but for 501 and 505, which
    /// say what they cannot do.
    private static func http(_ status: Int) -> ProxyTrouble {
        switch status {
        case 407: .proxy("it wants another user or password (407)")
        case 501, 505: .proxy("it refuses CONNECT (\(status))")
        case 500...599: .receiver("the proxy does not reach the receiver: it answered \(status) to CONNECT")
        default: .proxy("it refuses (\(status))")
        }
    }

    private static func socks(_ code: CURLproxycode) -> ProxyTrouble {
        switch code {
        case CURLPX_REPLY_CONNECTION_REFUSED: .receiver("the receiver refused the proxy's connection")
        case CURLPX_REPLY_HOST_UNREACHABLE, CURLPX_REPLY_NETWORK_UNREACHABLE, CURLPX_REPLY_TTL_EXPIRED:
            .receiver("the proxy finds no way to the receiver")
        // What it says where a name cannot be resolved as well.
        case CURLPX_REPLY_GENERAL_SERVER_FAILURE, CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED, CURLPX_RESOLVE_HOST:
            .receiver("the proxy does not reach the receiver")
        case CURLPX_REPLY_NOT_ALLOWED: .proxy("its rules refuse")
        case CURLPX_USER_REJECTED, CURLPX_NO_AUTH: .proxy("it wants another user or password")
        default: .proxy("it closed the connection, or did not answer as a SOCKS5 proxy does")
        }
    }
}

/// Distinguishes a proxy that hangs from receivers that it waits for: several hosts in a row without a tunnel between them are the proxy's.
struct TunnelWatch {
    private var silent: Set<String> = []

    /// So many hosts.
    static let hostLimit = 3

    /// There is a way through.
    mutating func opened() { if !silent.isEmpty { silent.removeAll() } }

    /// Nothing came for a host in time. Returns whether that is the proxy's matter.
    mutating func wasSilent(_ host: String) -> Bool {
        if silent.count < Self.hostLimit { silent.insert(host) }
        return silent.count >= Self.hostLimit
    }
}
