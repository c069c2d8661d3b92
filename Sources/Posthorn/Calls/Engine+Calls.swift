import Synchronization

// Running an engine without blocking a thread of the caller's.
extension Engine {
    /// Runs the engine until it is asked to stop, everything is settled if so configured, or the task is cancelled: then no new request
    /// leaves, those on the wire end within ``EngineConfiguration/drainMilliseconds``, and results are recorded before it returns.
    ///
    /// It has threads of its own and blocks none of the cooperative pool.
    /// - Throws: A problem when it was started or stopped before, when the outbox cannot be owned or its results cannot be written, and
    ///   when no endpoint's credentials can be opened.
    public func run() async throws(EngineError) {
        try start()
        await withTaskCancellationHandler {
            await end()
        } onCancel: {
            requestStop()
        }
        try throwFailure()
    }

    /// Asks the engine to end and returns when it has: nothing new is sent, what is on the wire ends, results are recorded. An engine
    /// that has not begun never will.
    /// - Parameter limit: How long requests that are on the wire may take; ``EngineConfiguration/drainMilliseconds`` where that is shorter
    ///   or this is `nil`. What is cut off goes out again with the next engine. A drain that has begun already keeps its limit.
    /// - Throws: What ended the engine, if that was not this call.
    public func stop(within limit: Duration? = nil) async throws(EngineError) {
        askToStop(within: limit)
        await end()
        try throwFailure()
    }

    /// The calls of this engine in a form that blocks the calling thread, for programs without Swift concurrency.
    @available(*, noasync, message: "use run() and stop(within:) of Engine")
    public var blocking: BlockingEngine { BlockingEngine(self) }

    func askToStop(within limit: Duration?) {
        if let limit {
            let (seconds, attoseconds) = limit.components
            let milliseconds = max(0, seconds.multipliedReportingOverflow(by: 1000).partialValue) + attoseconds / 1_000_000_000_000_000
            state.withLock { $0.drainMilliseconds = milliseconds }
        }
        requestStop()
        endUnlessBegun()
    }

    /// Returns when it has ended.
    private func end() async {
        await withCheckedContinuation { waiter in
            let isOver = state.withLock { state in
                if state.phase == .over { return true }
                state.waiters.append(waiter)
                return false
            }
            if isOver { waiter.resume() }
        }
    }

    private func throwFailure() throws(EngineError) {
        if let failure = state.withLock({ $0.failure }) { throw .of(failure) }
    }
}

extension Engine: CustomReflectable {
    /// The outbox's file. What an engine works with holds secrets.
    public var customMirror: Mirror { Mirror(self, children: ["outbox": outbox.path]) }
}
