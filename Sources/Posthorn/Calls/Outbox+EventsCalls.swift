public import PosthornModel

// Emitting: the calls that block no thread of the caller's.
extension Outbox {
    /// Stores an event with its deliveries, and returns when it is on disk. Calls at the same time share a flush.
    ///
    /// The same id again is accepted and changes nothing, so after an error of the store the same call can be made again.
    public func emit(_ event: NewEvent) async throws(OutboxError) -> EmittedEvent {
        let batch = EmitBatch([event], keepsOthers: true, at: clock.now(), random)
        if let refused = batch.refusal { throw .input(refused.problem) }
        let results = try await stored(batch, isolated: false)
        do throws(InputProblem) { return try results[0].get() } catch { throw .input(error) }
    }

    /// Stores events in one transaction: all of them, or none when one is refused, which ``OutboxError/event(_:)`` names.
    public func emit(_ events: [NewEvent]) async throws(OutboxError) -> [EmittedEvent] {
        let batch = try await checked(events, keepsOthers: false)
        if let refusal = batch.refusal { throw .event(refusal) }
        do throws(OutboxError) { return try await stored(batch, isolated: true).compactMap { try? $0.get() } } catch {
            if case .store(let problem) = error, problem.code == .refused, let refusal = batch.refusal { throw .event(refusal) }
            throw error
        }
    }

    /// Stores events, each for itself: what becomes of each is in the result.
    public func emitEach(_ events: [NewEvent]) async throws(OutboxError) -> [Result<EmittedEvent, InputProblem>] {
        try await stored(try await checked(events, keepsOthers: true), isolated: false)
    }

    /// Events that are checked on the caller's thread; more would keep it for milliseconds.
    private static let checkedAtOnce = 64

    private func checked(_ events: [NewEvent], keepsOthers: Bool) async throws(OutboxError) -> EmitBatch {
        let now = clock.now()
        if events.count <= Self.checkedAtOnce { return EmitBatch(events, keepsOthers: keepsOthers, at: now, random) }
        return try await calls.run { [random] in EmitBatch(events, keepsOthers: keepsOthers, at: now, random) }
    }

    private func stored(_ batch: EmitBatch, isolated: Bool) async throws(OutboxError) -> [Result<EmittedEvent, InputProblem>] {
        let result: Result<[Result<EmittedEvent, InputProblem>], OutboxProblem> = await withCheckedContinuation { continuation in
            writer.submit(isolated: isolated, weight: batch.events.count) { [self] (store) throws(OutboxProblem) in
                try batch.store(in: store, router, at: clock.now())
            } done: {
                continuation.resume(returning: $0)
            }
        }
        let results = try result.mapError(OutboxError.store).get()
        meter.accepted(results, from: .library)
        return results
    }
}
