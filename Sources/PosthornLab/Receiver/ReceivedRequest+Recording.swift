package import PosthornHTTP
import PosthornFormats
import PosthornModel
import PosthornText

extension ReceivedRequest {
    /// The line of a recording, with its end: the request as it came, byte for byte, and what it was answered.
    package func recordingLine(_ request: HTTPRequest) -> [UInt8] {
        let headers = request.head.headers.map { JSONValue.array([.string($0.name), .string($0.value)]) }
        var writer = JSONWriter()
        writer.write(
            .object([
                .init("time", .string(time.description)), .init("method", .string(method)), .init("path", .string(path)),
                .init("target", .string(request.target)), .init("id", identity?.id.map { .string($0) } ?? .null),
                .init("type", identity?.type.map { .string($0) } ?? .null), .init("digest", .string(Self.digest(of: request))),
                .init("status", status.map { .number(String($0)) } ?? .null), .init("delay_ms", .number(String(delayMilliseconds))),
                .init("processed", .number(String(timesProcessed))), .init("headers", .array(headers)),
                .init("body_base64", .string(FileVendor.base64(request.body))),
            ])
        )
        return writer.bytes + [0x0A]
    }

    /// SHA-256 of the body or, without one, of the query.
    static func digest(of request: HTTPRequest) -> String {
        MessageDigest.sha256(request.body.isEmpty ? Array((request.rawQuery ?? "").utf8) : request.body)
    }
}
