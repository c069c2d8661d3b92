import PosthornModel
import PosthornText

/// The ways in which a receiver that echoes a request may write a secret of it. Pure.
package enum SecretForms {
    /// Shorter parts of base64 stand in ordinary text too.
    private static let base64MinimumBytes = 8

    /// A secret as itself, as JSON, URLs, HTML and hexadecimal digits write it, and as it looks inside of a base64 text.
    package static func of(_ secret: [UInt8]) -> [[UInt8]] {
        if secret.isEmpty { return [] }
        let text = String(decoding: secret, as: UTF8.self)
        var writer = JSONWriter()
        writer.string(text)
        let json = Array(writer.bytes.dropFirst().dropLast())
        let slashes = json.flatMap { $0 == UInt8(ascii: "/") ? [UInt8(ascii: "\\"), $0] : [$0] }
        let digital = [upperDigits, lowerDigits].flatMap { digits in
            [escaped(secret, digits, isForm: false), escaped(secret, digits, isForm: true), hexadecimal(secret, digits)]
        }
        return [secret, json, slashes, Array(HTMLText.escaped(text).utf8)] + digital + insideBase64(secret)
    }

    /// A header's value, and behind a scheme such as `Bearer` the token alone, with what a Basic token is made of.
    package static func ofHeader(_ value: [UInt8]) -> [[UInt8]] {
        let words = value.split(separator: UInt8(ascii: " "))
        guard words.count == 2, words[0].allSatisfy({ 0x61...0x7A ~= $0 | 0x20 }) else { return of(value) }
        let token = Array(words[1])
        var secrets = [value, token]
        if String(decoding: words[0], as: UTF8.self).lowercased() == "basic", let pair = Base64.decode(token) {
            secrets.append(pair)
            secrets += pair.firstIndex(of: UInt8(ascii: ":")).map { [Array(pair[($0 + 1)...])] } ?? []
        }
        return secrets.filter { $0.count >= Credentials.secretMinimumBytes || $0 == value }.flatMap(of)
    }

    private static let upperDigits = Array("0123456789ABCDEF".utf8)
    private static let lowerDigits = Array("0123456789abcdef".utf8)

    /// As URLs write it (RFC 3986, 2.1); in forms a blank is a plus.
    private static func escaped(_ secret: [UInt8], _ digits: [UInt8], isForm: Bool) -> [UInt8] {
        secret.flatMap { byte -> [UInt8] in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                return [byte]
            case UInt8(ascii: " ") where isForm: return [UInt8(ascii: "+")]
            default: return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }

    private static func hexadecimal(_ secret: [UInt8], _ digits: [UInt8]) -> [UInt8] {
        secret.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// What of a base64 text, in either alphabet, depends on the secret alone, wherever the secret begins in what was encoded:
    /// three bytes become four characters, so there are three ways.
    private static func insideBase64(_ secret: [UInt8]) -> [[UInt8]] {
        (0..<3).flatMap { offset -> [[UInt8]] in
            let text = Array(Base64.text([UInt8](repeating: 0, count: offset) + secret).utf8)
            // Characters that other bytes have a part in are left out.
            let first = (offset * 8 + 5) / 6
            let end = (offset + secret.count) * 8 / 6
            guard end - first >= base64MinimumBytes else { return [] }
            let part = Array(text[first..<end])
            let ofURLs = part.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
            return [part, ofURLs]
        }
    }
}
