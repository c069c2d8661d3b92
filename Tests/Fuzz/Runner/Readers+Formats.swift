import PosthornModel
import PosthornFormats

extension Readers {
    /// An event's type and data, in every envelope with every signature. What an endpoint's format accepts can be composed,
    /// keeps its headers in their lines, and is whole and genuine to the receiver.
    @Sendable static func envelope(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return }
        let type = String(decoding: parts[0], as: UTF8.self)
        guard
            let event = try? Event(
                checking: "26edf51b5ed353431566fdf1",
                type: type,
                node: "n1",
                created: Format.moment,
                data: Array(parts[1])
            )
        else { return }
        for format in Format.all {
            guard (try? format.composer.check(type: event.type, data: event.data)) != nil else { continue }
            var request = OutboundRequest()
            do throws(InputProblem) {
                try format.composer.compose(AcceptedEvent(event), attempt: 1, at: Format.moment, into: &request)
            } catch {
                fatalError("\(format.settings.envelope), \(format.settings.signature): accepted and not composed: \(error)")
            }
            checkArrival(request, of: event, format)
        }
    }

    private static func checkArrival(_ request: OutboundRequest, of event: Event, _ format: Format) {
        let place = "\(format.settings.envelope), \(format.settings.signature), \(format.settings.method)"
        let received = SignatureVerifier.Request(
            method: format.settings.method,
            query: request.query,
            headers: headers(of: request),
            body: request.body
        )
        let verdict = format.verifier.verify(received, now: Format.moment)
        precondition(verdict == (format.settings.signature == .none ? .unsigned : .genuine), "\(place): \(verdict)")
        let read = try? EnvelopeReader.read(
            format.settings.envelope,
            method: received.method,
            query: received.query,
            headers: received.headers,
            body: received.body
        )
        guard let read else { fatalError("\(place): not read again") }
        if received.method == .get { return }
        switch format.settings.envelope {
        case .raw, .conference: precondition(read.data == event.data, "\(place): other data")
        case .weseedo, .voiso, .standard: precondition(read.data == trimmed(event.data), "\(place): other data")
        case .diio, .webio: precondition(read.type == event.type, "\(place): another type")
        }
    }

    /// The header lines, each with a name and nothing that ends it early.
    private static func headers(of request: OutboundRequest) -> [(name: String, value: String)] {
        let lines = request.headers.split(separator: 0x0D, omittingEmptySubsequences: false)
        return lines.enumerated().map { i, line in
            precondition(i == 0 ? line.first != 0x0A : line.first == 0x0A && !line.dropFirst().contains(0x0A))
            precondition(!line.contains(0))
            let text = i == 0 ? line : line.dropFirst()
            guard let colon = text.firstIndex(of: 0x3A) else { fatalError("a header line has no name") }
            let value = text[(colon + 1)...].drop { $0 == 0x20 }
            return (String(decoding: text[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
    }

    /// A request at a receiver: query, header lines, an empty line and the body. Every format may refuse it.
    @Sendable static func request(_ bytes: [UInt8]) {
        var rest = bytes[...]
        let query = Array(line(of: &rest))
        var headers: [(name: String, value: String)] = []
        while case let text = line(of: &rest), !text.isEmpty {
            let parts = text.split(separator: 0x3A, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return }
            let value = parts[1].drop { $0 == 0x20 }
            headers.append((String(decoding: parts[0], as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        for format in Format.all {
            let method = format.settings.method
            let request = SignatureVerifier.Request(method: method, query: query, headers: headers, body: Array(rest))
            _ = format.verifier.verify(request, now: Format.moment)
            _ = try? EnvelopeReader.read(
                format.settings.envelope,
                method: method,
                query: query,
                headers: headers,
                body: request.body
            )
        }
    }

    /// A text with fields, a line end, and a receiver's reply to Webio's request for their values, or to diio's handshake.
    @Sendable static func reply(_ bytes: [UInt8]) {
        var rest = bytes[...]
        let text = String(decoding: line(of: &rest), as: UTF8.self)
        try? DiioHandshake(random: { Array(repeating: 0, count: $0) }).judge(status: 200, body: Array(rest))
        guard let request = try? ValueRequest(text) else { return }
        precondition(!request.fields.isEmpty && Set(request.fields).count == request.fields.count)
        precondition(request.query(customer: nil, channel: text).allSatisfy { (0x21...0x7E).contains($0) })
        _ = try? request.fill(status: 200, body: Array(rest))
    }

    /// Takes a line off, without its end.
    private static func line(of rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let line = rest.prefix { $0 != 0x0A }
        rest = rest[line.endIndex...].dropFirst()
        return line
    }

    /// Without the blanks around it.
    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
        return bytes.drop { blanks.contains($0) }.reversed().drop { blanks.contains($0) }.reversed()
    }
}
