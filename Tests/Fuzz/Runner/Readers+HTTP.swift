import PosthornHTTP

extension Readers {
    /// A connection's bytes at the HTTP server. The same bytes must mean the same requests however they are cut into pieces, what
    /// is taken must keep the rules that handlers rely on, and nothing follows a refusal.
    @Sendable static func http(_ bytes: [UInt8]) {
        let whole = RequestReading(pieces: [bytes])
        let single = RequestReading(pieces: bytes.map { [$0] })
        precondition(whole == single, "a byte at a time it means something else")
        let middle = bytes.count / 2
        let halves = RequestReading(pieces: [Array(bytes[..<middle]), Array(bytes[middle...])])
        precondition(whole == halves, "cut in two it means something else")
        for request in whole.requests {
            let target = request.target.text.utf8
            precondition(!request.method.isEmpty && !target.isEmpty)
            precondition(target.allSatisfy { (0x21...0x7E).contains($0) }, "a target holds more than visible ASCII")
            precondition(request.headers.all("host").count <= 1, "two hosts")
            let lengths = request.headers.all("content-length") + request.headers.all("transfer-encoding")
            precondition(lengths.count <= 1, "two lengths")
            for (name, value) in request.headers {
                precondition(!name.isEmpty && !name.utf8.contains { $0 <= 0x20 || $0 == 0x3A }, "a field's name")
                precondition(!value.utf8.contains { $0 < 0x20 && $0 != 0x09 }, "a control character in a value")
            }
            precondition(request.target.segments.count <= target.count && request.target.query.count <= target.count)
        }
    }
}
