import CPosthornCurl

/// Header nodes that follow a request's own block and take back what libcurl would add by itself.
final class SuppressedHeaders {
    private let expect = curl_slist_append(nil, "Expect:")
    private let contentType = curl_slist_append(nil, "Content-Type:")
    private let both = curl_slist_append(curl_slist_append(nil, "Expect:"), "Content-Type:")

    /// libcurl asks for a 100-continue from 1 MiB on and waits a second for it.
    private static let expectFromBytes = 500_000

    deinit {
        curl_slist_free_all(expect)
        curl_slist_free_all(contentType)
        curl_slist_free_all(both)
    }

    /// The nodes for a request; each costs libcurl time, so only those that are needed.
    func list(withoutContentType: Bool, bodyBytes: Int) -> UnsafeMutablePointer<curl_slist>? {
        let hasLargeBody = bodyBytes >= Self.expectFromBytes
        if withoutContentType { return hasLargeBody ? expect : nil }
        return hasLargeBody ? both : contentType
    }

    /// Whether a block's first line is its content-type, in which case libcurl sees it and adds none.
    static func beginsWithContentType(_ headers: [UInt8]) -> Bool {
        let name: StaticString = "content-type:"
        guard headers.count > name.utf8CodeUnitCount else { return false }
        for index in 0..<name.utf8CodeUnitCount where headers[index] | 0x20 != name.utf8Start[index] | 0x20 { return false }
        return true
    }
}
