import CCurl
import Glibc

/// The process-wide side of libcurl.
enum CurlLibrary {
    /// Initialises libcurl once.
    ///
    /// `SSLKEYLOGFILE` is taken out of the environment first: libcurl would write the session keys of every connection
    /// into that file, and reads the variable here and nowhere else (lib/vtls/keylog.c). SIGPIPE is ignored for the whole
    /// process: CURLOPT_NOSIGNAL does not do it, and a receiver that closes early would end the program.
    static let ready: Bool = {
        unsetenv("SSLKEYLOGFILE")
        signal(SIGPIPE, SIG_IGN)
        return curl_global_init(posthorn_curl_global_default) == CURLE_OK
    }()

    /// The certificate authorities to trust: the configured file, or the one OpenSSL's own variable names.
    static func caFile(configured: String?) -> String? {
        configured ?? getenv("SSL_CERT_FILE").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// Settings that every request of ours has: nothing from the environment, no redirects, no proxy, nothing but HTTP/1.1.
enum CurlSettings {
    /// Applies them to a fresh handle.
    static func apply(to handle: UnsafeMutableRawPointer, caFile: String?) {
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
        // An empty proxy is none, and http_proxy and its kin are not looked at.
        posthorn_curl_set_text(handle, CURLOPT_PROXY, "")
        if let caFile { posthorn_curl_set_text(handle, CURLOPT_CAINFO, caFile) }
    }
}
