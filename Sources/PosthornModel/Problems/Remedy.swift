/// What mends a refusal, where the words for it depend on how Posthorn is used: a platform passes a parameter, the command line has a flag.
///
/// What mends a value, such as the characters that an id may have, is part of the refusal's own sentence.
public enum Remedy: String, Sendable, CaseIterable {
    /// Look at the endpoints that there are.
    case listEndpoints = "list_endpoints"
    /// Look at the hierarchy that there is.
    case listNodes = "list_nodes"
    /// Look at the deliveries that there are.
    case listDeliveries = "list_deliveries"
    /// Allow that waiting deliveries are cancelled, or wait for them.
    case cancelWaiting = "cancel_waiting"
    /// Say that everything is meant to be removed.
    case confirmRemovingAll = "confirm_removing_all"
    /// Give the key that the credentials were sealed with.
    case giveKey = "give_key"
    /// The same, or replace what a lost key sealed.
    case giveOrReplaceKey = "give_or_replace_key"
    /// Give the key from before beside the new one.
    case giveFormerKey = "give_former_key"
    /// Stop the engine that runs, and start it with the new key.
    case restartWithNewKey = "restart_with_new_key"
    /// Work on another file.
    case nameAnotherFile = "name_another_file"
    /// Take a file from a backup, or work on another one.
    case restoreOrNameAnother = "restore_or_name_another"
    /// Move the outbox that is there aside, or restore to another file.
    case replaceOrNameAnother = "replace_or_name_another"
    /// Put a file back, or work on another one, and start again.
    case putBackOrNameAnother = "put_back_or_name_another"
    /// End all programs that use the outbox, and check it.
    case checkOutbox = "check_outbox"
    /// Open the outbox once as a user that may write it, which brings its schema up to date.
    case openAsWriter = "open_as_writer"
    /// Run the newer Posthorn that changed the outbox, or take it from a backup of before.
    case runNewer = "run_newer"
    /// Read it as a user that may write it, or while an engine runs.
    case readAsWriter = "read_as_writer"
    /// Open the address in the egress guard, if it is meant.
    case openAddress = "open_address"

    /// What to do, as half a sentence, for a program that uses the library.
    public var sentence: String {
        switch self {
        case .listEndpoints: "Outbox.topology() has all endpoints"
        case .listNodes: "Outbox.topology() has the hierarchy"
        case .listDeliveries: "Outbox.deliveries(_:) has their numbers"
        case .cancelWaiting: "pass cancelsWaiting to cancel what waits, or let it go out first"
        case .confirmRemovingAll: "pass pruneAll if that is meant"
        case .giveKey: "give the key they were sealed with"
        case .giveOrReplaceKey:
            "give the key they were sealed with; if that one is gone, pass keyLost with a new key, which replaces what does not open by the "
                + "topology's, rotations included"
        case .giveFormerKey: "give the key they were sealed with beside the new one; nothing was changed"
        case .restartWithNewKey: "stop it, change the key, and start it with the new one"
        case .nameAnotherFile: "name another file"
        case .restoreOrNameAnother: "restore it from a backup or name another file"
        case .replaceOrNameAnother: "pass replacing, which moves it aside, or name another file"
        case .putBackOrNameAnother: "put it back, or name another, and start again"
        case .checkOutbox:
            "end every program that has the outbox open, then check it (Outbox.integrityProblems()), since what was written last may be lost"
        case .openAsWriter: "open it once as a user that may write it"
        case .runNewer: "run the newer Posthorn or restore an older backup"
        case .readAsWriter: "read it as a user that may write it, or while an engine runs"
        case .openAddress: "if it is meant, open its range in the egress guard"
        }
    }
}
