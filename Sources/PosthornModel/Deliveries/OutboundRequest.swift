/// A request about to leave, in buffers that are used again for the next one.
///
/// Envelope and signature write it, the sender reads it.
public struct OutboundRequest: Sendable {
    /// Headers as they go on the wire, `name: value` lines joined by CR LF, without one at the end. Holds everything
    /// that is not the client library's own (host, content-length). Whoever writes here refuses CR, LF and NUL in values.
    public var headers: [UInt8] = []
    /// The body; empty for a GET.
    public var body: [UInt8] = []
    /// What is added to the URL's query, form-encoded, without `?` or `&` in front; empty for a POST.
    public var query: [UInt8] = []
    /// What the connection proves who sends it with, where the receiver asks for that.
    public var clientCertificate: ClientCertificate?
    /// Method and target, where they are not those of the endpoint.
    package var line: RequestLine?

    /// An empty request.
    public init() {}

    /// Empties the buffers and keeps their memory.
    public mutating func reset() {
        headers.removeAll(keepingCapacity: true)
        body.removeAll(keepingCapacity: true)
        query.removeAll(keepingCapacity: true)
        clientCertificate = nil
        line = nil
    }

    /// Appends a header line. Name and value must be free of CR, LF and NUL.
    public mutating func addHeader(_ name: StaticString, _ value: some Collection<UInt8>) {
        if !headers.isEmpty {
            headers.append(UInt8(ascii: "\r"))
            headers.append(UInt8(ascii: "\n"))
        }
        headers.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        headers.append(UInt8(ascii: ":"))
        headers.append(UInt8(ascii: " "))
        headers.append(contentsOf: value)
    }
}
