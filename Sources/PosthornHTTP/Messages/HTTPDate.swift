/// `Date` as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
struct HTTPDate: Sendable {
    /// The bytes of the value.
    private(set) var bytes: [UInt8] = []
    private var second = Int64.min

    /// Sets it to a second since 1970. Most requests come in the same second as the one before.
    mutating func set(secondsSince1970 now: Int64) {
        if now == second { return }
        second = now
        bytes = Self.text(now)
    }

    private static let days: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Years are counted from March, so that a leap day is a year's last one
    /// (https://howardhinnant.github.io/date_algorithms.html#civil_from_days).
    private static func text(_ now: Int64) -> [UInt8] {
        let now = Int(max(0, now))
        let (day, second) = (now / 86_400, now % 86_400)
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1
        let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
        var out: [UInt8] = []
        out.reserveCapacity(29)
        out.append(text: days[day % 7])
        out.append(text: ", ")
        out.append(twoDigits: dayOfMonth)
        out.append(.space)
        out.append(text: months[(month + 2) % 12])
        out.append(.space)
        out.append(decimal: year)
        out.append(.space)
        out.append(twoDigits: second / 3600)
        out.append(.colon)
        out.append(twoDigits: second / 60 % 60)
        out.append(.colon)
        out.append(twoDigits: second % 60)
        out.append(text: " GMT")
        return out
    }
}

extension [UInt8] {
    fileprivate mutating func append(twoDigits number: Int) {
        append(UInt8(truncatingIfNeeded: 0x30 + number / 10))
        append(UInt8(truncatingIfNeeded: 0x30 + number % 10))
    }
}
