import PosthornSending

/// What carries an engine's requests: sender threads with sockets or, in tests, a closure.
protocol RequestCarrier: AnyObject, Sendable {
    /// What it is doing.
    var statistics: SenderStatistics { get }
    /// An empty batch for ``submit(_:)``.
    func makeBatch() -> SendBatch
    /// Hands over jobs.
    func submit(_ batch: consuming SendBatch)
    /// Asks for the jobs of some endpoints, of all for `nil`, that have not started.
    func recall(keys: Set<Int64>?, forgetting: Bool)
    /// Starts nothing new.
    func pause()
    /// Takes up work again.
    func resume()
    /// Starts nothing from a moment on, by `BootClock`; `nil` for none.
    func mayStart(until end: Int64?)
    /// Starts nothing new and gives back what waits.
    func startDraining()
    /// The same, and waits for what is under way; whether all has ended.
    func drain(milliseconds: Int64?) -> Bool
    /// Ends what is under way; how many requests that were.
    func cutOff() -> Int
    /// Ends.
    func stop()
}

extension RequestCarrier {
    func recall(keys: Set<Int64>?) { recall(keys: keys, forgetting: false) }
}

extension SenderPool: RequestCarrier {}
