import PosthornModel

/// The top-level members of a payload as a query: sorted by name, form-encoded.
///
/// Strings are decoded, numbers stay as they were written, `true` and `false` are those words, and `null` is an empty
/// value, so that the parameter is still there. A nested member has no place in a query and is refused.
struct QueryPayload {
    private var pairs: [(name: String, value: String)] = []

    init(_ data: UnsafeBufferPointer<UInt8>) throws(InputProblem) {
        guard var members = ObjectMembers(data) else { throw InputProblem(field: "data", reason: "is not a JSON object") }
        while let member = members.next() {
            guard let name = members.string(at: member.key), let first = data[member.value].first else {
                throw InputProblem(field: "data", reason: "is not a JSON object")
            }
            switch first {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                throw InputProblem(
                    .incompatible,
                    field: "data.\(InputProblem.printable(name))",
                    reason: "is nested, and this endpoint gets the payload as a query (GET); send plain values or use POST"
                )
            case UInt8(ascii: "\""): pairs.append((name, members.string(at: member.value) ?? ""))
            case UInt8(ascii: "n"): pairs.append((name, ""))
            default: pairs.append((name, String(decoding: data[member.value], as: UTF8.self)))
            }
        }
        pairs.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Appends `name=value` pairs joined by `&`.
    func append(to query: inout [UInt8]) {
        for pair in pairs { FormEncoding.append(pair.name.utf8, pair.value.utf8, to: &query) }
    }
}
