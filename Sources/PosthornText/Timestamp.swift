import Glibc

/// A moment in time: whole milliseconds since 1970-01-01 UTC, as the outbox stores it.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01 00:00 UTC.
    public var milliseconds: Int64

    /// The moment `milliseconds` after the start of 1970 UTC.
    @inlinable
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Whole seconds since 1970, as most signatures want them.
    @inlinable
    public var unixSeconds: Int64 { milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0) }

    /// Earlier before later.
    @inlinable
    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    /// The moment a number of milliseconds later; stays at the end of time when that is out of range.
    public func advanced(byMilliseconds delta: Int64) -> Timestamp {
        let (sum, overflow) = milliseconds.addingReportingOverflow(delta)
        return Timestamp(milliseconds: overflow ? (delta < 0 ? .min : .max) : sum)
    }

    /// ISO 8601 in UTC with milliseconds: `2020-07-15T12:33:14.000Z`.
    public var description: String { String(decoding: iso8601, as: UTF8.self) }

    /// ``description`` as ASCII, made without a string in between: every event's envelope holds it.
    public var iso8601: [UInt8] {
        var seconds = time_t(unixSeconds)
        var parts = tm()
        guard gmtime_r(&seconds, &parts) != nil, (-1900...8099).contains(parts.tm_year) else { return Array("out of range".utf8) }
        var text = Array("0000-00-00T00:00:00.000Z".utf8)
        func write(_ value: Int, endingAt last: Int) {
            var rest = value
            var place = last
            while rest > 0 {
                text[place] += UInt8(rest % 10)
                rest /= 10
                place -= 1
            }
        }
        write(Int(parts.tm_year) + 1900, endingAt: 3)
        write(Int(parts.tm_mon) + 1, endingAt: 6)
        write(Int(parts.tm_mday), endingAt: 9)
        write(Int(parts.tm_hour), endingAt: 12)
        write(Int(parts.tm_min), endingAt: 15)
        write(Int(parts.tm_sec), endingAt: 18)
        write(Int(milliseconds - unixSeconds * 1000), endingAt: 22)
        return text
    }

    /// Reads ISO 8601 as `2020-07-15T12:33:14.000Z`: seconds' fraction optional, zone `Z`, `+hh:mm` or `+hhmm`.
    ///
    /// Digits of the fraction past the third are cut off. `nil` when the text is not such a moment.
    public init?(iso8601 text: String) {
        var rest = Array(text.utf8)[...]
        func number(_ digits: Int) -> Int? {
            guard rest.count >= digits, rest.prefix(digits).allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            defer { rest = rest.dropFirst(digits) }
            return rest.prefix(digits).reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        func take(_ scalars: Unicode.Scalar...) -> Bool {
            guard let first = rest.first, scalars.contains(Unicode.Scalar(first)) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2), take("T", "t", " "),
            let hour = number(2), take(":"), let minute = number(2), take(":"), let second = number(2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var fraction = 0
        if take(".") {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty else { return nil }
            fraction = (Array(digits.prefix(3)) + [0x30, 0x30]).prefix(3).reduce(0) { $0 * 10 + Int($1 - 0x30) }
            rest = rest.dropFirst(digits.count)
        }
        var offsetMinutes = 0
        if !take("Z", "z") {
            let sign = rest.first == UInt8(ascii: "-") ? -1 : 1
            guard take("+", "-"), let hours = number(2) else { return nil }
            _ = take(":")
            guard let minutes = number(2), hours < 24, minutes < 60 else { return nil }
            offsetMinutes = sign * (hours * 60 + minutes)
        }
        guard rest.isEmpty else { return nil }
        var parts = tm()
        parts.tm_year = Int32(year - 1900)
        parts.tm_mon = Int32(month - 1)
        parts.tm_mday = Int32(day)
        parts.tm_hour = Int32(hour)
        parts.tm_min = Int32(minute)
        parts.tm_sec = Int32(second)
        let seconds = timegm(&parts)
        // timegm turns 31 February into a day of March; such a date is a mistake, not a wish.
        guard Int(parts.tm_mday) == day || second == 60 else { return nil }
        self.init(milliseconds: Int64(seconds) * 1000 + Int64(fraction) - Int64(offsetMinutes) * 60_000)
    }
}
