public import PosthornHTTP
import PosthornModel
import PosthornText
import PosthornFormats

extension ReceivedRequest {
    /// The line that a ledger gets each time that the event is processed, with its end; see ``Ledger``.
    public func ledgerLine(_ request: HTTPRequest) -> [UInt8] {
        let named = request.body.isEmpty ? Array((request.rawQuery ?? "").utf8) : request.body
        var writer = JSONWriter()
        writer.write(
            .object([
                .init("id", identity?.id.map { .string($0) } ?? .null), .init("type", identity?.type.map { .string($0) } ?? .null),
                .init("digest", .string(MessageDigest.sha256(named))),
            ])
        )
        return writer.bytes + [0x0A]
    }
}
