// `posthorn-bench`: what the engine can do on this machine, with a receiver of its own beside it.
BenchCommand.main(CommandLine.arguments.dropFirst())
