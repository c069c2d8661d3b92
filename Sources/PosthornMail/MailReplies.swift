import CPosthornCurl
import PosthornModel
import PosthornText

/// What an SMTP server says: libcurl hands every line of a reply to the header callback.
final class MailReplies {
    /// The last lines; a server that never stops talking fills no memory.
    private var lines: [String] = []
    private static let linesLimit = 20
    /// How much of a reply is kept for people.
    static let textLimitCharacters = 300

    static let take: posthorn_curl_data_callback = { buffer, size, count, context in
        guard let buffer, let context else { return size * count }
        let bytes = UnsafeRawBufferPointer(start: buffer, count: size * count)
        Unmanaged<MailReplies>.fromOpaque(context).takeUnretainedValue().add(bytes)
        return size * count
    }

    func add(_ bytes: some Sequence<UInt8>) {
        let line = bytes.prefix(1000).filter { $0 != 0x0D && $0 != 0x0A }
        if lines.count == Self.linesLimit { lines.removeFirst() }
        lines.append(String(decoding: line, as: UTF8.self))
    }

    /// The last reply with a code as one printable line, such as `550 5.1.1 no such user`; empty when there is none.
    /// - Parameter secret: Does not appear in it, whatever the server repeats.
    func text(of code: Int, hiding secret: String?) -> String {
        let prefix = String(code)
        guard code > 0, let last = lines.lastIndex(where: { $0.hasPrefix(prefix) }) else { return "" }
        // The lines before it are of the same reply as long as they go on: "550-first", "550 last".
        let first = lines[..<last].lastIndex { !$0.hasPrefix(prefix + "-") }.map { $0 + 1 } ?? 0
        let parts = lines[first...last].map { String($0.dropFirst(prefix.count + 1)) }
        var text = ([prefix] + parts).filter { !$0.isEmpty }.joined(separator: " ")
        if let secret, !secret.isEmpty { text = text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***") }
        return OneLine.text(text, limit: Self.textLimitCharacters)
    }
}
