/// How far apart a load's threads wake up to start requests.
///
/// To wake up for each request of a dense schedule costs more than the request: receiver and sender then exchange them one by
/// one, and neither has a moment to do several at a time. So what becomes due soon after a start leaves together with what
/// comes next. As long as the sender has time left over this is a tenth of a millisecond; with less time it becomes more,
/// which costs less and so gives time back. Latencies count from the intended moment, so they contain what it adds.
///
/// A value without a clock. Times are in nanoseconds.
struct StartSpacing {
    static let shortest: Int64 = 100_000
    static let longest: Int64 = 400_000
    /// With this percentage of its time left over, or more, a sender wakes up as often as it may.
    static let enough = 40
    /// With this or less it wakes up as seldom as it may.
    static let scarce = 20

    /// What becomes due sooner after a start than this waits for that moment.
    private(set) var interval = Self.shortest

    /// The sender has waited that percentage of its time lately. Half of the way is made at once, so that one odd window
    /// does not count for much.
    mutating func idle(percent: Int) {
        let scarcity = Int64(max(0, min(Self.enough - Self.scarce, Self.enough - percent)))
        let wanted = Self.shortest + (Self.longest - Self.shortest) * scarcity / Int64(Self.enough - Self.scarce)
        interval += (wanted - interval) / 2
    }
}
