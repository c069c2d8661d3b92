import CPosthornCurl
import PosthornModel
import PosthornText

/// What is read of an answer's head, line by line as libcurl hands it over.
///
/// libcurl calls an answer complete whose head was cut before the blank line, and waits for the deadline after a 101;
/// so the end of the head is looked for here. Of a status line it reads three digits and ignores what follows them, and any
/// later line of the head that looks like one would be taken for it; so that line is read here as well.
///
/// It cannot be copied: with each answer several fields would have their references counted up and down.
struct ResponseHead: ~Copyable {
    /// What to do after a line.
    enum Step { case goOn, stop }

    /// More than any real head has; beyond it the receiver is at fault.
    static let limitBytes = 65_536

    /// The status of the newest head that has begun; 0 when there is none.
    private(set) var status = 0
    /// Whether the blank line after the final head has come.
    private(set) var isComplete = false
    /// Whether the head was larger than ``limitBytes``.
    private(set) var isTooLarge = false
    /// Whether a head did not begin with a status line, or had another one in its midst.
    private(set) var isMalformed = false
    /// Its length so far.
    private(set) var bytes = 0
    private var isInsideHead = false
    private var retryAfter: [UInt8] = []
    /// Whether the answer's `Date` is wanted; reading it costs, so it is not for every answer.
    var wantsDate = false
    private var dateText: [UInt8] = []
    private let keepsFields: Bool
    /// Names and values in their order, where they are kept.
    private(set) var fields: [(name: String, value: String)] = []

    /// - Parameter keepsFields: Whether the final head's fields are kept.
    init(keepsFields: Bool = false) { self.keepsFields = keepsFields }

    /// Reads one line with its line end.
    mutating func take(_ line: UnsafeBufferPointer<UInt8>) -> Step {
        bytes += line.count
        if isMalformed { return .stop }
        if bytes > Self.limitBytes {
            isTooLarge = true
            return .stop
        }
        if isComplete { return .goOn }
        let first = line.first ?? 0
        if first == UInt8(ascii: "\r") || first == UInt8(ascii: "\n") { return endOfHead() }
        if !isInsideHead || (first == UInt8(ascii: "H") && Self.hasPrefix(line, "HTTP/")) {
            guard !isInsideHead, let code = Self.statusCode(line) else {
                isMalformed = true
                return .stop
            }
            isInsideHead = true
            status = code
            retryAfter = []
            fields = []
        } else if first | 0x20 == UInt8(ascii: "r"), Self.hasPrefix(line, "retry-after:") {
            retryAfter = Array(line.dropFirst(12))
        } else if wantsDate, first | 0x20 == UInt8(ascii: "d"), Self.hasPrefix(line, "date:") {
            dateText = Array(line.dropFirst(5))
        }
        if keepsFields, isInsideHead { keep(line) }
        return .goOn
    }

    /// How long the receiver asks to wait: Retry-After of an answer that is no success, as seconds or as a date (RFC 9110, 10.2.3).
    /// What is more than a day is cut to one.
    func retryAfterMilliseconds(now: Timestamp) -> Int64? {
        guard isComplete, status != 200, !retryAfter.isEmpty else { return nil }
        let text = retryAfter.drop { $0 == 0x20 || $0 == 0x09 }
        let digits = text.prefix { (0x30...0x39).contains($0) }
        let rest = text.dropFirst(digits.count)
        if !digits.isEmpty, rest.allSatisfy({ $0 <= 0x20 }) {
            let seconds = Int64(String(decoding: digits, as: UTF8.self)) ?? .max
            return min(seconds, Self.longestWaitMilliseconds / 1000) * 1000
        }
        let moment = curl_getdate(String(decoding: Array(text), as: UTF8.self), nil)
        if moment < 0 { return nil }
        let wait = min(moment, Self.lastSecond) * 1000 - Int(now.milliseconds)
        return min(max(0, Int64(wait)), Self.longestWaitMilliseconds)
    }

    private static let longestWaitMilliseconds = Transition.retryAfterLimitMilliseconds

    /// The time by the receiver's clock, to the second (RFC 9110, 6.6.1), where it was wanted and said.
    var date: Timestamp? {
        isComplete && !dateText.isEmpty ? Self.moment(dateText) : nil
    }

    /// The end of the year 9999. libcurl reads years up to 2147483647, whose milliseconds do not fit into 64 bits.
    private static let lastSecond = 253_402_300_799

    /// The moment that a date stands for; `nil` when it is none, or none that a working clock shows.
    private static func moment(_ text: [UInt8]) -> Timestamp? {
        let seconds = curl_getdate(String(decoding: text, as: UTF8.self), nil)
        return (0...lastSecond).contains(seconds) ? Timestamp(milliseconds: Int64(seconds) * 1000) : nil
    }

    /// The status line has no colon before its first blank, and no field a blank before its colon.
    private mutating func keep(_ line: UnsafeBufferPointer<UInt8>) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), !line[..<colon].contains(0x20) else { return }
        func text(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String {
            let from = bytes.drop { $0 <= 0x20 }
            let to = from.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? from.startIndex
            return String(decoding: from[..<to], as: UTF8.self)
        }
        fields.append((text(line[..<colon]), text(line[(colon + 1)...])))
    }

    private mutating func endOfHead() -> Step {
        isInsideHead = false
        if status == 101 {
            isComplete = true
            return .stop
        }
        isComplete = status >= 200
        return .goOn
    }

    private static func hasPrefix(_ line: UnsafeBufferPointer<UInt8>, _ prefix: StaticString) -> Bool {
        guard line.count >= prefix.utf8CodeUnitCount else { return false }
        for index in 0..<prefix.utf8CodeUnitCount where line[index] | 0x20 != prefix.utf8Start[index] | 0x20 { return false }
        return true
    }

    /// The status of a status line (RFC 9112, 4): three digits between one blank and another, or the end, which some leave
    /// out the blank before. `nil` when the line is none.
    private static func statusCode(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
        guard hasPrefix(line, "HTTP/"), let blank = line.firstIndex(of: 0x20) else { return nil }
        let version = line[5..<blank]
        guard !version.isEmpty, version.allSatisfy({ $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }) else { return nil }
        let digits = line[(blank + 1)...].prefix { (0x30...0x39).contains($0) }
        guard digits.count == 3, digits.endIndex == line.endIndex || line[digits.endIndex] <= 0x20 else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
