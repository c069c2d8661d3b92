import CPosthornCurl

/// The libcurl that is loaded, for people who look after the machine.
public enum CurlInformation {
    /// Its version, such as `7.88.1`.
    public static var version: String { text { $0.version } ?? "" }

    /// The file of certificate authorities that it trusts unless told otherwise; `nil` when it has none built in.
    public static var certificateAuthorityFile: String? { text { $0.cainfo } }

    /// The folder of certificate authorities that it trusts unless told otherwise; `nil` when it has none built in.
    public static var certificateAuthorityFolder: String? { text { $0.capath } }

    private static func text(_ field: (curl_version_info_data) -> UnsafePointer<CChar>?) -> String? {
        guard let data = posthorn_curl_version_info() else { return nil }
        return field(data.pointee).map { String(cString: $0) }
    }
}
