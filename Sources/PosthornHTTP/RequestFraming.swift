/// Where a body ends must have one reading only: two readers that differ are a smuggled request (RFC 9112, section 6.3).
///
/// libmicrohttpd 0.9.75 takes `Content-Length` beside `Transfer-Encoding`, and two lengths, even when it is told to be strict.
enum RequestFraming: Equatable {
    /// The body has this many bytes, or its length is told by its chunks (`nil`).
    case body(length: Int?)
    /// Not to be read; why.
    case ambiguous(String)

    /// Judges the two headers that tell a body's length.
    static func judge(lengths: [String], encodings: [String]) -> RequestFraming {
        if !lengths.isEmpty, !encodings.isEmpty { return .ambiguous("Content-Length and Transfer-Encoding together") }
        if lengths.count > 1 { return .ambiguous("two Content-Length headers") }
        if encodings.count > 1 { return .ambiguous("two Transfer-Encoding headers") }
        if let encoding = encodings.first {
            return encoding.lowercased() == "chunked" ? .body(length: nil) : .ambiguous("an unknown Transfer-Encoding")
        }
        guard let length = lengths.first else { return .body(length: 0) }
        guard !length.isEmpty, length.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(length) else {
            return .ambiguous("a Content-Length that is no number")
        }
        return .body(length: count)
    }
}
