import Glibc
import PosthornModel
import PosthornText
import Testing

/// The credentials that the article Topology shows for GitHub's and Stripe's headers make these.
@Suite struct DocumentedHMACTests {
    /// The JSON objects of Topologies.md that have a member `header`.
    private func examples() throws -> [[String: String]] {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let descriptor = open(root + "/Sources/Posthorn/Posthorn.docc/Topologies.md", O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
        let text = String(decoding: bytes, as: UTF8.self)
        return try text.matches(of: /\{ "secret": [^}]*"header": [^`]*?" \}\n/).map { match in
            let value = try JSONValue.parse(Array(match.0.utf8))
            guard case .object(let members) = value else { return [:] }
            return Dictionary(
                uniqueKeysWithValues: members.compactMap { member in
                    if case .string(let text) = member.value { (member.key, text) } else { nil }
                }
            )
        }
    }

    @Test func gitHubsAndStripesHeadersAreMadeAsDocumented() throws {
        let examples = try examples()
        let github = try #require(examples.first { $0["header"] == "X-Hub-Signature-256" })
        // GitHub's documentation ("Validating webhook deliveries") gives this answer.
        let request = try compose(hmac(github), data: "Hello, World!")
        #expect(
            request.header("x-hub-signature-256") == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        )
        let stripe = try #require(examples.first { $0["header"] == "Stripe-Signature" })
        // printf '1594816394.{"a":1}' | openssl dgst -sha256 -hmac whsec_of-the-endpoint
        #expect(
            try compose(hmac(stripe), data: #"{"a":1}"#).header("stripe-signature")
                == "t=1594816394,v1=f07927c68cf9d62a6455135f93cd3664e7db5fc884aa5be874b0788a25cfa69f"
        )
    }
}
