import Posthorn
import PosthornModel
import PosthornStore

/// What to do about a refusal, in the words of the command line: its commands and flags.
enum RemedyText {
    /// Half a sentence.
    /// - Parameter fileFlag: The flag that named the outbox's file.
    static func sentence(_ remedy: Remedy, fileFlag: String = "--db") -> String {
        switch remedy {
        case .listEndpoints: "`posthorn endpoint list` shows them all"
        case .listNodes: "`posthorn node list` shows the hierarchy"
        case .listDeliveries: "`posthorn deliveries` shows their numbers"
        case .cancelWaiting: "add --cancel-waiting to cancel what waits, or let it go out first"
        case .confirmRemovingAll: "add --prune-all if that is meant"
        case .giveKey: "give the key they were sealed with (POSTHORN_KEY or --key-file)"
        case .giveOrReplaceKey:
            "give the key they were sealed with (POSTHORN_KEY or --key-file); if that one is gone, posthorn apply --key-lost with a new key "
                + "replaces what does not open by the topology file's, rotations included"
        case .giveFormerKey:
            "give the key they were sealed with (POSTHORN_KEY or --key-file) beside the new one; nothing was changed"
        case .restartWithNewKey: "stop posthorn run, change the key, and start it with the new one"
        case .nameAnotherFile: "name another file with \(fileFlag)"
        case .restoreOrNameAnother: "restore it from a backup or name another file with \(fileFlag)"
        case .replaceOrNameAnother: "stop what uses it and add --replace, which moves it aside, or name another file with \(fileFlag)"
        case .putBackOrNameAnother: "put it back, or name another with \(fileFlag), and start again"
        case .checkOutbox:
            "end every program that has the outbox open, then check it with posthorn doctor, since what was written last may be lost"
        case .openAsWriter: "run any posthorn command as a user that may write it"
        case .runNewer: "run the newer Posthorn or restore an older backup"
        case .readAsWriter: "run the command as a user that may write the outbox, or while posthorn run runs"
        case .openAddress: "if it is meant, --allow opens its range"
        }
    }

    /// One line for any error.
    /// - Parameter fileFlag: The flag that named the outbox's file.
    static func line(_ error: any Error, fileFlag: String = "--db") -> String {
        let wording: (Remedy) -> String = { sentence($0, fileFlag: fileFlag) }
        switch error {
        case let problem as InputProblem: return problem.text(wording: wording)
        case let problem as OutboxProblem: return problem.text(wording: wording)
        case let error as OutboxError: return error.text(wording: wording)
        case .outbox(let problem) as EngineError: return problem.text(wording: wording)
        default: return "\(error)"
        }
    }

    /// The detail of a failed attempt, with what mends it.
    static func detail(of outcome: AttemptOutcome) -> String {
        guard outcome.error == .refusedAddress, !outcome.errorText.isEmpty else { return outcome.errorText }
        return "\(outcome.errorText); \(sentence(.openAddress))"
    }
}
