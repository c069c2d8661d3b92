import CPosthornCurl
import Glibc

/// The process-wide side of libcurl.
package enum CurlLibrary {
    /// Initialises libcurl once.
    ///
    /// `SSLKEYLOGFILE` is taken out of the environment first: libcurl would write the session keys of every connection
    /// into that file, and reads the variable here and nowhere else (lib/vtls/keylog.c). SIGPIPE is ignored for the whole
    /// process: CURLOPT_NOSIGNAL does not do it, and a receiver that closes early would end the program.
    package static let ready: Bool = {
        unsetenv("SSLKEYLOGFILE")
        signal(SIGPIPE, SIG_IGN)
        return curl_global_init(posthorn_curl_global_default) == CURLE_OK
    }()

    /// Why nothing can be sent with the libcurl that is loaded; `nil` when it will do. All of TLS is set up through OpenSSL.
    package static let problem: String? = ready ? problem(ofTLS: CurlInformation.tlsLibrary) : "libcurl can't be initialised"

    /// What is wrong with a libcurl whose TLS library calls itself so.
    static func problem(ofTLS library: String) -> String? {
        if library.hasPrefix("OpenSSL/") { return nil }
        let found = library.isEmpty ? "has no TLS" : "uses \(library) for TLS"
        return "the libcurl that is loaded \(found), not OpenSSL; install the OpenSSL flavour (libcurl4)"
    }
}
