import CPosthornLinux

/// Whether something keeps the machine's clock right.
public enum ClockDiscipline {
    /// Whether the kernel holds the clock for synchronised (adjtimex(2)); `nil` when it does not say.
    public static var isSynchronised: Bool? {
        switch posthorn_clock_state() {
        case 0: return false
        case 1: return true
        default: return nil
        }
    }
}
