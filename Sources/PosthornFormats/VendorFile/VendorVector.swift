import PosthornModel
import PosthornText

/// A request of a vendor as it arrives, with the key that it was signed with: the proof that a description is right.
///
/// The keys in it are for that proof alone: published ones, or made up.
struct VendorVector: Sendable {
    let credentials: [String: String]
    let request: VendorVerifier.Request

    init(_ json: PointedJSON, _ description: VendorDescription) throws(InputProblem) {
        try json.expect(["note", "credentials", "method", "url", "headers", "body"])
        _ = try json.text("note")
        func texts(_ name: String) throws(InputProblem) -> [(String, String)] {
            try json[name]?.members().map { (name, member) throws(InputProblem) in (name, try member.string()) } ?? []
        }
        credentials = Dictionary(try texts("credentials"), uniquingKeysWith: { first, _ in first })
        request = VendorVerifier.Request(
            method: try json.text("method") ?? "POST",
            url: try json.text("url") ?? "",
            headers: try texts("headers").map { (name: $0.0, value: $0.1) },
            body: Array(try json["body"]?.string().utf8 ?? "".utf8)
        )
    }

    /// Whether it holds the result of a signature.
    func shows(_ signature: VendorDescription.Signature) -> Bool {
        switch signature.place {
        case .header(let name, _): return !request.values(name).isEmpty
        case .json(let pointer): return pointer.place(in: request.body) != nil
        case .query(let name): return request.url.contains("\(name)=")
        }
    }

    /// Throws unless it comes out, and comes out no more when its signature is another.
    func check(_ description: VendorDescription) throws(InputProblem) {
        let verifier = try VendorVerifier(description, credentials, wanted: shows)
        switch verifier.verify(request, now: nil) {
        case .genuine: return
        case .unsigned: throw InputProblem(.missing, field: "headers", reason: "hold no signature of this file")
        case .refused(let problem):
            throw InputProblem(.mismatch, field: problem.field, reason: "does not come out of this description: \(problem.reason)")
        }
    }
}
