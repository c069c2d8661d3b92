/// Lets the writer's thread notice soon that somebody else has committed to the store. Used by that thread alone.
public protocol ChangeSignal: AnyObject {
    /// Readable when there may be news; -1 where the system has no such descriptor to give.
    var descriptor: Int32 { get }
    /// Takes the news that have come in.
    func drain()
    /// How many milliseconds to wait at most before looking at the store again.
    func delayMilliseconds() -> Int64
}
