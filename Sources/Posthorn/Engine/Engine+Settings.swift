import Synchronization

// What can be changed while an engine runs, or stands by.
extension Engine {
    /// Hands mails in as this says, from the next one on.
    /// - Returns: Whether it does: not where the engine was made without a mail server, which is for its whole life.
    @discardableResult
    public func use(_ mail: MailConfiguration) -> Bool {
        guard configuration.mail != nil else { return false }
        state.withLock { $0.newMail = mail }
        return true
    }

    /// Changes how long a stop waits for what is under way, in place of ``EngineConfiguration/drainMilliseconds``.
    public func setDrain(milliseconds: Int64) { state.withLock { $0.newDrainMilliseconds = milliseconds } }
}
