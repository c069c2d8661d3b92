import Synchronization

/// An engine for threads that may wait. See ``Engine/blocking``.
public struct BlockingEngine: Sendable {
    private let engine: Engine

    init(_ engine: Engine) { self.engine = engine }

    /// Runs the engine on the calling thread until it is asked to stop or, if so configured, everything is settled.
    public func run() throws(EngineError) {
        do { try engine.run() } catch { throw .of(error) }
    }

    /// Asks the engine to end and waits until it has; see ``Engine/stop(within:)``.
    public func stop(within limit: Duration? = nil) throws(EngineError) {
        engine.askToStop(within: limit)
        do { try engine.stop() } catch { throw .of(error) }
    }
}
