import PosthornModel
import PosthornText

/// What the words of a vendor's templates stand for in one request: the sender's side, or what a receiver has found in it.
struct VendorRendering {
    let config: [String: [UInt8]]
    var id = ""
    var eventName = ""
    var attempt = 1
    var moment = Timestamp(milliseconds: 0)
    var method = "POST"
    /// With the query.
    var url: [UInt8] = []
    /// What a receiver has found: the sender's words with their values.
    var found: [VendorWord: [UInt8]] = [:]
    /// The value of a header that the request has, by its name in lower case.
    var header: (String) -> [UInt8] = { _ in [] }
    var challenge: [UInt8] = []

    init(_ keys: VendorKeys) { config = keys.config }

    /// Appends what a word stands for. The body is apart, so that it is not copied.
    /// - Parameter key: What `{key}` stands for.
    func append(_ word: VendorWord, body: [UInt8], key: [UInt8] = [], to out: inout [UInt8]) {
        if word.isOfSender, let bytes = found[word] { return out.append(contentsOf: bytes) }
        switch word {
        case .body: out.append(contentsOf: body)
        case .digest(let name, let form): form.append(name.digest(of: body), to: &out)
        case .checksum: out.append(decimal: Int64(Checksum.crc32(body)))
        case .timestamp(.seconds): out.append(decimal: moment.unixSeconds)
        case .timestamp(.milliseconds): out.append(decimal: moment.milliseconds)
        case .timestamp(.iso): out.append(contentsOf: moment.iso8601)
        case .timestamp(.isoSeconds): out.append(contentsOf: moment.iso8601.prefix(19) + [UInt8(ascii: "Z")])
        case .id: out.append(contentsOf: id.utf8)
        case .uuid: out.append(contentsOf: Self.uuid(of: id))
        case .attempt: out.append(decimal: Int64(attempt))
        case .eventName: out.append(contentsOf: eventName.utf8)
        case .url: out.append(contentsOf: url)
        case .method: out.append(contentsOf: method.utf8)
        case .header(let name): out.append(contentsOf: header(name))
        case .json(let pointer): out.append(contentsOf: pointer.text(in: body) ?? [])
        case .line(let pointer):
            guard let value = pointer.text(in: body) else { return }
            out.append(contentsOf: pointer.last.utf8 + [0x0A] + value + [0x0A])
        case .form: Self.appendSorted(FormEncoding.pairs(body), to: &out)
        case .config(let name): out.append(contentsOf: config[name] ?? [])
        case .key: out.append(contentsOf: key)
        case .challenge: out.append(contentsOf: challenge)
        case .signature, .number: break
        }
    }

    /// A whole template.
    func text(_ template: VendorTemplate, body: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        append(template, body: body, to: &out)
        return out
    }

    func append(_ template: VendorTemplate, body: [UInt8], key: [UInt8] = [], to out: inout [UInt8]) {
        for piece in template.pieces {
            switch piece {
            case .literal(let bytes): out.append(contentsOf: bytes)
            case .word(let word): append(word, body: body, key: key, to: &out)
            }
        }
    }

    /// A UUID that follows from an event's id, of RFC 9562's version 8.
    private static func uuid(of id: String) -> [UInt8] {
        var bytes = Array(DigestName.sha256.digest(of: Array(id.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        var text = Array(Hex.text(bytes).utf8)
        for place in [20, 16, 12, 8] { text.insert(UInt8(ascii: "-"), at: place) }
        return text
    }

    /// Names and values in the order of the names; of one name, its different values in their order.
    private static func appendSorted(_ pairs: [(name: [UInt8], value: [UInt8])], to out: inout [UInt8]) {
        let sorted = pairs.sorted {
            $0.name == $1.name ? $0.value.lexicographicallyPrecedes($1.value) : $0.name.lexicographicallyPrecedes($1.name)
        }
        for (i, pair) in sorted.enumerated() where i == 0 || sorted[i - 1] != pair {
            out.append(contentsOf: pair.name)
            out.append(contentsOf: pair.value)
        }
    }
}
