import CPosthornCurl
import PosthornCurl

/// How libcurl is told of a proxy.
enum CurlProxy {
    /// Sends all of a handle's requests through a proxy, whatever the environment says.
    static func set(_ proxy: OutboundProxy, on handle: UnsafeMutableRawPointer) {
        posthorn_curl_set_text(handle, CURLOPT_PROXY, proxy.description)
        // An empty text is no host, and keeps libcurl from looking for no_proxy.
        posthorn_curl_set_text(handle, CURLOPT_NOPROXY, "")
        // Clear text through a tunnel too, or the proxy would see and might change the request.
        posthorn_curl_set_long(handle, CURLOPT_HTTPPROXYTUNNEL, 1)
        // What it answers to CONNECT is no part of the receiver's answer.
        posthorn_curl_set_long(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        posthorn_curl_set_text(handle, CURLOPT_PROXYUSERNAME, proxy.user)
        posthorn_curl_set_text(handle, CURLOPT_PROXYPASSWORD, proxy.user == nil ? nil : proxy.password ?? "")
    }
}
