public import PosthornModel
public import PosthornText

/// The rows behind mails about exhausted deliveries. Part of ``OutboxStore``, under the same rules.
///
/// ``notify(_:spacingMilliseconds:)`` decides on top of these what is reported and in which mail; a store only reads and writes.
public protocol NotificationRows: AnyObject {
    /// The state of a delivery, and the newest attempt of it that a mail reports as its last; `nil` when there is no such delivery.
    func lastReport(ofDelivery id: Int64) throws(OutboxProblem) -> (state: DeliveryState, attempt: Int?)?
    /// The newest mail of an endpoint for a recipient, in whatever state.
    func latestMail(aboutEndpoint key: Int64, to recipient: String) throws(OutboxProblem) -> LatestMail?
    /// Adds a mail without contents.
    /// - Returns: Its number.
    func addMail(aboutEndpoint key: Int64, to recipient: String, at now: Timestamp, due: Timestamp) throws(OutboxProblem) -> Int64
    /// Adds a delivery to a mail.
    func addNotification(ofDelivery id: Int64, attempt: Int, to mail: Int64, at now: Timestamp) throws(OutboxProblem)
    /// Adds a mail about an endpoint's health, which waits for nothing and collects nothing.
    func addNotice(_ notice: HealthNotice, aboutEndpoint key: Int64, to recipient: String, at now: Timestamp) throws(OutboxProblem)
    /// Counts an exhausted delivery for which there is no contact.
    func countWithoutContact() throws(OutboxProblem)
}
