import PosthornModel
import PosthornFormats

extension Readers {
    /// A vendor's file. What is taken has types with examples that can be sent, and its requests are genuine to its own receiver's side.
    @Sendable static func vendor(_ bytes: [UInt8]) {
        guard let file = try? VendorFile(bytes, extended: { (_) throws(InputProblem) in bytes }) else { return }
        precondition(!file.types.isEmpty && file.types.allSatisfy { !$0.samples.isEmpty })
        let credentials = Dictionary(uniqueKeysWithValues: file.description.credentialNames.map { ($0, "c2VjcmV0c2VjcmV0") })
        guard let vendor = try? FileVendor(file, credentials: credentials), let verifier = try? vendor.verifier(),
            let composer = try? vendor.composer(url: "https://receiver.example/hook")
        else { return }
        for kind in file.types.prefix(4) {
            let event = Event(id: "26edf51b5ed353431566fdf1", type: kind.name, node: "n1", created: Format.moment, data: kind.samples[0])
            var request = OutboundRequest()
            guard (try? composer.compose(AcceptedEvent(event), attempt: 1, at: Format.moment, into: &request)) != nil else { continue }
            let url = "https://receiver.example/hook" + (request.query.isEmpty ? "" : "?" + String(decoding: request.query, as: UTF8.self))
            let received = VendorVerifier.Request(url: url, headers: FileVendor.headers(of: request), body: request.body)
            let verdict = verifier.verify(received, now: nil)
            if case .refused(let problem) = verdict { _ = problem.description }
            for header in received.headers { precondition(!header.value.utf8.contains(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 })) }
        }
    }
}
