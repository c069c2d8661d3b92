public import PosthornText

/// What becomes of times that were written while the clock was ahead, once it is right again: pure.
///
/// A delivery whose last attempt has begun in the future was put off by such a clock. Its next one is due as long after now as it was to
/// be after that attempt: no gap gets shorter, whenever the attempt really was.
public enum Redating {
    /// Clocks are put right by less every day, and that is no reason to write.
    public static let toleranceMilliseconds: Int64 = 60_000
    /// No mail waits longer than this between two tries, and none for longer to be closed.
    public static let mailLimitMilliseconds: Int64 = 3_600_000

    /// Whether a time is one of a clock that was ahead.
    public static func isAhead(_ time: Timestamp, of now: Timestamp) -> Bool {
        time.milliseconds > now.milliseconds.addingReportingOverflow(toleranceMilliseconds).partialValue
    }

    /// How much nearer a delivery's times are to be, in milliseconds; `nil` where they stand.
    /// - Parameters:
    ///   - due: When its next attempt is due.
    ///   - lastAttempt: When its last one began.
    public static func shift(due: Timestamp, lastAttempt: Timestamp, now: Timestamp) -> Int64? {
        guard isAhead(lastAttempt, of: now) else { return nil }
        let shift = min(lastAttempt.milliseconds, due.milliseconds) - now.milliseconds
        return shift > 0 ? shift : nil
    }

    /// When a mail is due that was to be due at a time; `nil` where that stands.
    public static func mailDue(_ due: Timestamp, now: Timestamp) -> Timestamp? {
        let limit = now.advanced(byMilliseconds: mailLimitMilliseconds)
        return isAhead(due, of: limit) ? limit : nil
    }
}
