public import PosthornHTTP
import PosthornModel
import PosthornText

extension ReceivedRequest {
    /// The line that a ledger gets each time that the event is processed, with its end; see ``Ledger``.
    public func ledgerLine(_ request: HTTPRequest) -> [UInt8] {
        var writer = JSONWriter()
        writer.write(
            .object([
                .init("id", identity?.id.map { .string($0) } ?? .null), .init("type", identity?.type.map { .string($0) } ?? .null),
                .init("digest", .string(Self.digest(of: request))),
            ])
        )
        return writer.bytes + [0x0A]
    }
}
