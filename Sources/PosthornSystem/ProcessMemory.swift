import CPosthornLinux

/// Who may look into this process.
package enum ProcessMemory {
    /// Keeps secrets in memory to this process: no core dump is written of it, and no debugger of the same user attaches to it. Root
    /// may still do both.
    package static func forbidDumps() { _ = posthorn_set_dumpable(0) }
}
