import Glibc
import PosthornModel
import PosthornText
import PosthornFormats

/// Takes an endpoint's secrets out of what a receiver sent back: one that echoes requests would put them into the outbox.
struct SecretRedactor: Sendable {
    /// Texts to look for, longest first, so that a token is not left with a hole where the secret stood.
    private let patterns: [[UInt8]]

    private static let mark = Array("***".utf8)
    /// Bytes at the end of a cut text that must agree with a secret's start to count as a part of it.
    private static let cutSecretMinimumBytes = 4
    /// Patterns that are kept of earlier credentials, for requests that were on the wire when those were replaced.
    private static let earlierPatternLimit = 256

    /// - Parameters:
    ///   - settings: The endpoint with its credentials.
    ///   - composer: Its composer, for tokens that are made of secrets.
    ///   - earlier: What was looked for before; its patterns stay.
    /// - Returns: `nil` when the endpoint has no secrets.
    init?(_ settings: EndpointSettings, _ composer: EndpointComposer?, keeping earlier: SecretRedactor? = nil) {
        let secrets = Credentials.secretTexts(settings.credentials).flatMap { SecretForms.of(Array($0.utf8)) }
        // Shorter values of fixed headers are words like `true`, not secrets.
        let values = settings.headers.map { Array($0.value.utf8) }.filter { $0.count >= Credentials.secretMinimumBytes }
        let headers = ((composer?.tokenValues ?? []) + values).flatMap(SecretForms.ofHeader)
        let current = Set(secrets + headers).filter { !$0.isEmpty }
        let kept = (earlier?.patterns ?? []).filter { !current.contains($0) }.prefix(Self.earlierPatternLimit)
        if current.isEmpty && kept.isEmpty { return nil }
        patterns = (Array(current) + kept).sorted { $0.count > $1.count }
    }

    /// Whether an outcome is long enough to hold a secret: the usual `ok` is not.
    func mayFindSomething(in outcome: AttemptOutcome) -> Bool {
        !outcome.errorText.isEmpty || outcome.response.count >= min(shortestPattern, AttemptOutcome.excerptLimitBytes)
    }

    private var shortestPattern: Int { patterns.last?.count ?? 0 }

    /// The same outcome without secrets.
    func redacted(_ outcome: AttemptOutcome) -> AttemptOutcome {
        var outcome = outcome
        if !outcome.response.isEmpty {
            let isCut = outcome.response.count >= AttemptOutcome.excerptLimitBytes
            outcome.response = redacted(outcome.response, isCut: isCut)
            // The mark is longer than a very short secret.
            let surplus = outcome.response.count - AttemptOutcome.excerptLimitBytes
            if surplus > 0 { outcome.response.removeLast(surplus) }
        }
        if !outcome.errorText.isEmpty { outcome.errorText = redacted(outcome.errorText) }
        return outcome
    }

    /// The same text without secrets.
    func redacted(_ text: String) -> String {
        String(decoding: redacted(Array(text.utf8), isCut: false), as: UTF8.self)
    }

    /// The same bytes without secrets.
    /// - Parameter isCut: Whether a secret may have lost its end with the end of the bytes.
    func redacted(_ bytes: [UInt8], isCut: Bool) -> [UInt8] {
        var bytes = bytes
        for pattern in patterns where pattern.count <= bytes.count {
            var start = 0
            while let range = Self.range(of: pattern, in: bytes, from: start) {
                if pattern.count < Credentials.secretMinimumBytes, !Self.isWord(range, in: bytes) {
                    start = range.upperBound
                    continue
                }
                bytes.replaceSubrange(range, with: Self.mark)
                // Behind the mark, in which a secret of asterisks would be found again and again.
                start = range.lowerBound + Self.mark.count
            }
        }
        if isCut, let start = patterns.compactMap({ Self.cutStart(of: $0, in: bytes) }).min() {
            bytes.replaceSubrange(start..., with: Self.mark)
        }
        return bytes
    }

    /// Whether what is there is no part of a longer word. A secret of a first release may be a letter, which is in every word.
    private static func isWord(_ range: Range<Int>, in bytes: [UInt8]) -> Bool {
        let before = range.lowerBound > 0 && isWordByte(bytes[range.lowerBound - 1]) && isWordByte(bytes[range.lowerBound])
        let after = range.upperBound < bytes.count && isWordByte(bytes[range.upperBound]) && isWordByte(bytes[range.upperBound - 1])
        return !before && !after
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), 0x80...:
            return true
        default: return false
        }
    }

    private static func range(of pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Range<Int>? {
        bytes.withUnsafeBytes { all in
            pattern.withUnsafeBytes { wanted in
                guard let base = all.baseAddress, let sought = wanted.baseAddress else { return nil }
                var position = start
                while position + wanted.count <= all.count {
                    guard let found = memchr(base + position, Int32(wanted[0]), all.count - wanted.count - position + 1) else { return nil }
                    position = UnsafeRawPointer(found) - base
                    if memcmp(found, sought, wanted.count) == 0 { return position..<position + wanted.count }
                    position += 1
                }
                return nil
            }
        }
    }

    /// Where a pattern begins that the end of the bytes cuts off.
    private static func cutStart(of pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        let longest = min(pattern.count - 1, bytes.count)
        if longest < cutSecretMinimumBytes { return nil }
        // By memcmp: of a receiver that answers with what nearly fits, each length is compared nearly to its end.
        let length = bytes.withUnsafeBytes { all in
            pattern.withUnsafeBytes { wanted -> Int? in
                guard let end = all.baseAddress.map({ $0 + all.count }), let start = wanted.baseAddress else { return nil }
                return (cutSecretMinimumBytes...longest).reversed().first { memcmp(end - $0, start, $0) == 0 }
            }
        }
        return length.map { bytes.count - $0 }
    }
}
