/// An open model of load: events have times of their own, whatever becomes of those before them, and how late each of them is
/// counts from its time. A load that waits for answers would leave out the very moments when nothing answers.
package struct OpenSchedule: Sendable {
    /// When the first one is due, in nanoseconds of any clock.
    package let start: Int64
    package let perSecond: Double

    package init(start: Int64, perSecond: Double) {
        self.start = start
        self.perSecond = perSecond
    }

    /// When the event with this number, from 0 on, is due.
    package func due(_ number: Int) -> Int64 { start + Int64((Double(number) * 1e9 / perSecond).rounded()) }

    /// How many are due in the first so many seconds.
    package func count(seconds: Int) -> Int { max(1, Int(Double(seconds) * perSecond)) }
}
