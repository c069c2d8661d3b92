import CPosthornCurl
import Glibc
import PosthornCurl
import PosthornSystem

/// Looks whether what requests leave by is there, for those who ask before any do.
package enum OutboundProbe {
    private static let timeoutMilliseconds = 5000

    /// Why a proxy cannot be connected to; `nil` when it can. Nothing is sent to it.
    package static func problem(_ proxy: OutboundProxy, _ egress: EgressGuard) -> String? {
        if let problem = CurlLibrary.problem { return problem }
        guard let easy = curl_easy_init() else { return "there is no memory for a connection" }
        defer { curl_easy_cleanup(easy) }
        CurlSettings.apply(to: easy)
        posthorn_curl_set_text(easy, CURLOPT_URL, "http://\(proxy.host.contains(":") ? "[\(proxy.host)]" : proxy.host):\(proxy.port)/")
        posthorn_curl_set_long(easy, CURLOPT_CONNECT_ONLY, 1)
        posthorn_curl_set_long(easy, CURLOPT_TIMEOUT_MS, timeoutMilliseconds)
        posthorn_curl_set_text(easy, CURLOPT_INTERFACE, (egress.source?.ipv4 ?? egress.source?.ipv6).map { "host!\($0)" })
        let code = curl_easy_perform(easy)
        return code == CURLE_OK ? nil : "it cannot be connected to: \(String(cString: curl_easy_strerror(code)))"
    }

    /// Why the source address cannot be used; `nil` when it can, or there is none.
    package static func problem(_ egress: EgressGuard) -> String? {
        for address in [egress.source?.ipv4, egress.source?.ipv6].compactMap(\.self) {
            let descriptor = Glibc.socket(address.isIPv4 ? AF_INET : AF_INET6, SocketKind.stream | SocketKind.closeOnExec, 0)
            if descriptor < 0 { return SystemText.of(errno) }
            let number = address.withSocketAddress(port: 0) { bind(descriptor, $0, $1) == 0 ? 0 : errno }
            close(descriptor)
            if number != 0 { return "\(address): \(SystemText.of(number))" }
        }
        return nil
    }
}
