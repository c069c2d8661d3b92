import PosthornStore
import PosthornText

/// Whose mail goes next, and how many a contact gets within a time: pure. Contacts take turns, so that one with many mails holds up
/// nobody else; and what a contact would get beyond its number is put into the last of them.
struct MailTurns: Sendable {
    /// The time in which a contact gets no more than its number, in milliseconds.
    let spanMilliseconds: Int64
    /// When mails went to a contact within that time, the first first.
    private var sent: [String: [Timestamp]] = [:]
    /// The contact whose turn it was last.
    private var last: String?

    /// What is to be done next.
    enum Turn: Sendable, Equatable {
        /// One mail of a contact.
        case mail(to: String)
        /// All that is due for a contact, in one mail: the last one that it gets for a while.
        case digest(to: String)
        /// Nothing until then; `nil` where nothing waits.
        case wait(until: Timestamp?)
    }

    init(spanMilliseconds: Int64) { self.spanMilliseconds = spanMilliseconds }

    /// Decides who has a turn now: each contact once, so that what waits is asked for once a round and not before every mail.
    /// - Parameters:
    ///   - waiting: The contacts for whom mails wait.
    ///   - limit: How many mails a contact gets within the time, at least 1.
    /// - Returns: Their turns, beginning behind the contact whose turn it was last; one ``Turn/wait(until:)`` where no contact has one.
    mutating func round(of waiting: [WaitingRecipient], limit: Int, at now: Timestamp) -> [Turn] {
        forget(at: now)
        let sorted = waiting.sorted { $0.recipient < $1.recipient }
        let start = last.flatMap { last in sorted.firstIndex { $0.recipient > last } } ?? 0
        var turns: [Turn] = []
        var wake: Timestamp?
        for each in sorted[start...] + sorted[..<start] {
            let times = sent[each.recipient] ?? []
            // With as many as there may be, the next goes when the first of those is that long ago.
            let free = times.count < limit ? each.due : max(each.due, times[times.count - limit].advanced(byMilliseconds: spanMilliseconds))
            if free <= now {
                turns.append(times.count >= limit - 1 ? .digest(to: each.recipient) : .mail(to: each.recipient))
            } else {
                wake = min(wake ?? free, free)
            }
        }
        return turns.isEmpty ? [.wait(until: wake)] : turns
    }

    /// A contact has its turn.
    mutating func begins(_ recipient: String) { last = recipient }

    /// A contact has got a mail.
    mutating func sent(to recipient: String, at now: Timestamp) { sent[recipient, default: []].append(now) }

    /// A clock that was put back makes nobody wait for longer: what was sent later than now is forgotten.
    private mutating func forget(at now: Timestamp) {
        let start = now.advanced(byMilliseconds: -spanMilliseconds)
        sent = sent.compactMapValues { times in
            let left = times.filter { $0 > start && $0 <= now }
            return left.isEmpty ? nil : left
        }
    }
}
