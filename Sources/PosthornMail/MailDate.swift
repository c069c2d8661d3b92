import PosthornText

/// Dates as mails have them: `Wed, 15 Jul 2020 12:33:14 +0000`.
enum MailDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    static func text(_ moment: Timestamp) -> String {
        // `2020-07-15T12:33:14.000Z`
        let iso = moment.description.split { "-T:.Z".contains($0) }.map(String.init)
        guard iso.count == 7, let month = Int(iso[1]), months.indices.contains(month - 1) else { return "Thu, 01 Jan 1970 00:00:00 +0000" }
        // 1 January 1970 was a Thursday.
        let day = Int((moment.unixSeconds / 86_400) % 7 + 7) % 7
        return "\(days[day]), \(iso[2]) \(months[month - 1]) \(iso[0]) \(iso[3]):\(iso[4]):\(iso[5]) +0000"
    }
}
