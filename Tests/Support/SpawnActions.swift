import CPosthornTestSpawn
public import Glibc

/// Adds the last of a child's file actions: of what this process has open, it keeps the first descriptors, which are three for most programs.
///
/// Tests run side by side, and what another has open at the moment would count against the child's limit and keep pipes from
/// ending that others wait for.
public func closeForeignDescriptors(_ actions: inout posix_spawn_file_actions_t, from first: Int32 = 3) {
    _ = posthorn_spawn_close_from(&actions, first)
}
