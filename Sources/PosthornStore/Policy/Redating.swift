public import PosthornText

/// What becomes of times that were written while the clock was ahead, once it is right again: pure.
///
/// A delivery whose last attempt has begun in the future, further away than the gap to its next one, was put off by such a clock. That one is
/// due as long after now as it was to be after the attempt: no gap gets shorter, whenever the attempt really was.
public enum Redating {
    /// Clocks are put right by less every day, and that is no reason to write.
    public static let toleranceMilliseconds: Int64 = 60_000
    /// No mail waits longer than this between two tries, and none for longer to be closed.
    public static let mailLimitMilliseconds: Int64 = 3_600_000

    /// Whether a time is one of a clock that was ahead.
    public static func isAhead(_ time: Timestamp, of now: Timestamp) -> Bool {
        time > now.advanced(byMilliseconds: toleranceMilliseconds)
    }

    /// How much nearer a delivery's times are to be, in milliseconds; `nil` where they stand: the clock was ahead by no more than the gap,
    /// so that the wait is twice as long at most, or the times were brought nearer already, or set by hand.
    /// - Parameters:
    ///   - due: When its next attempt is due.
    ///   - lastAttempt: When its last one began.
    public static func shift(due: Timestamp, lastAttempt: Timestamp, now: Timestamp) -> Int64? {
        let gap = due.milliseconds - lastAttempt.milliseconds
        let shift = lastAttempt.milliseconds - now.milliseconds
        return gap >= 0 && shift > max(gap, toleranceMilliseconds) ? shift : nil
    }

    /// When a mail is due that was to be due at a time; `nil` where that stands.
    public static func mailDue(_ due: Timestamp, now: Timestamp) -> Timestamp? {
        let limit = now.advanced(byMilliseconds: mailLimitMilliseconds)
        return isAhead(due, of: limit) ? limit : nil
    }
}
