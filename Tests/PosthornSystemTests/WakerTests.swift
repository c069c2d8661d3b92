import PosthornSystem
import Testing

@Suite struct WakerTests {
    /// What is left of a deadline that has passed.
    @Test func aTimeBelowNothingIsNoTime() throws { try Waker().wait(milliseconds: -1) }
}
