package import CPosthornCurl

/// URLs as libcurl takes them apart.
package enum CurlURL {
    /// A part of a URL that was read; `nil` where it has none.
    /// - Parameters:
    ///   - handle: Of `curl_url`.
    ///   - flags: Of `curl_url_get`, such as `CURLU_URLDECODE`.
    package static func part(_ handle: OpaquePointer, _ part: CURLUPart, _ flags: Int32 = 0) -> String? {
        var value: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &value, UInt32(bitPattern: flags)) == CURLUE_OK, let value else { return nil }
        defer { curl_free(value) }
        return String(cString: value)
    }
}
