import CPosthornCurl
package import PosthornModel

/// Settings that every request of ours has: nothing from the environment, no redirects, no proxy, nothing but HTTP/1.1.
package enum CurlSettings {
    /// Applies them to a fresh handle.
    package static func apply(to handle: UnsafeMutableRawPointer) {
        func set(_ option: CURLoption, _ value: Int) { _ = posthorn_curl_set_long(handle, option, value) }
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_NETRC, 0)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, posthorn_curl_tls_1_2)
        set(CURLOPT_HTTP_VERSION, posthorn_curl_http_1_1)
        set(CURLOPT_HTTP09_ALLOWED, 0)
        posthorn_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        posthorn_curl_set_text(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        // No host has a proxy, whatever http_proxy and its kin say. With an empty CURLOPT_PROXY libcurl would still look for
        // no_proxy in the environment, twice a request.
        posthorn_curl_set_text(handle, CURLOPT_NOPROXY, "*")
        // Whom to trust is said by ``TLSClient`` for every connection. With a file or a folder of its own libcurl would parse that
        // as well, and its cache would put an older store in the place of ours.
        posthorn_curl_set_text(handle, CURLOPT_CAINFO, nil)
        posthorn_curl_set_text(handle, CURLOPT_CAPATH, nil)
        set(CURLOPT_CA_CACHE_TIMEOUT, 0)
        // Sessions are ours as well; see ``SessionCache``.
        set(CURLOPT_SSL_SESSIONID_CACHE, 0)
    }

    /// Makes later connections of a handle prove themselves with this certificate, or with none. libcurl keeps copies.
    package static func setClientCertificate(_ certificate: ClientCertificate?, on handle: UnsafeMutableRawPointer) {
        set(certificate?.certificate, CURLOPT_SSLCERT_BLOB, on: handle)
        set(certificate?.key, CURLOPT_SSLKEY_BLOB, on: handle)
    }

    private static func set(_ bytes: [UInt8]?, _ option: CURLoption, on handle: UnsafeMutableRawPointer) {
        guard var bytes else {
            posthorn_curl_set_blob(handle, option, nil)
            return
        }
        bytes.withUnsafeMutableBytes { buffer in
            var blob = curl_blob(data: buffer.baseAddress, len: buffer.count, flags: UInt32(CURL_BLOB_COPY))
            posthorn_curl_set_blob(handle, option, &blob)
        }
    }
}
