import CPosthornCurl
import CPosthornTLS

/// The libcurl that is loaded, for people who look after the machine.
package enum CurlInformation {
    /// Its version, such as `7.88.1`.
    package static var version: String { text { $0.version } ?? "" }

    /// The system's file of certificate authorities, which is trusted unless told otherwise: libcurl's, else OpenSSL's.
    package static var certificateAuthorityFile: String { text { $0.cainfo } ?? String(cString: X509_get_default_cert_file()) }

    /// Its TLS library, such as `OpenSSL/3.0.19`; empty without one.
    package static var tlsLibrary: String { text { $0.ssl_version } ?? "" }

    private static func text(_ field: (curl_version_info_data) -> UnsafePointer<CChar>?) -> String? {
        guard let data = posthorn_curl_version_info() else { return nil }
        return field(data.pointee).map { String(cString: $0) }
    }
}
